-- One row per clip of `paired` sequences: the clips of one video as in `captioned`, then those of another.
-- $subset = '': only clips of this subset; empty: all clips
-- $drop_probability = 0.3: "Videos are randomly dropped with a probability (0.3)" (InternVid, appendix D)
-- $drop_unit = 'video': drop whole videos, or only the frames of a 'clip', whose caption stays
-- $seed = 42: another seed drops others
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $images_per_clip = 4: the centre frame (1), or the 4 or 8 uniform frames
-- $pairing = 'random': pair at random, by the 'query' that found both, or by mean 'embedding'
-- steps: captioned_clips, pool, drawn, paired_clips
--
-- Dropping depends only on a hash of seed and name, so that a growing lake keeps its sequences.
-- Each video leads one pair. Its partner is the next video in the cyclic order of a hash of names, among all
-- videos or those found by the same query. By embedding, it is the most similar video.
with pool as (
    select *
    from captioned_clips
    anti join (
        select video_id, category from withheld_videos where reason != 'benchmark' or $decontaminate
    ) using (video_id, category)
    where trim(caption) != ''
        and ($subset = '' or clip_id in (select clip_id from chosen_clips where subset = $subset))
),

named as (
    select *, format('{} {}', $seed, if($drop_unit = 'video', video_id, clip_id)) as name from pool
),

marked as (
    select *, ('0x' || left(md5(name), 13))::bigint / 4503599627370496 >= $drop_probability as is_shown
    from named
),

drawn as (
    select * from marked where is_shown or $drop_unit = 'clip'
),

candidates as (
    select distinct
        drawn.video_id,
        if($pairing = 'query', videos.query, '') as ring,
        md5(format('{} {} leads', $seed, drawn.video_id)) as draw
    from drawn
    left join videos using (video_id, category)
),

followed as (
    select
        video_id as leader,
        coalesce(
            lead(video_id) over (partition by ring order by draw, video_id),
            first(video_id) over (partition by ring order by draw, video_id)
        ) as follower
    from candidates
    where ring is not null and $pairing != 'embedding'
),

alike as (
    select related_videos.video_id as leader, arg_min(other_video_id, rank) as follower
    from related_videos
    semi join candidates using (video_id)
    semi join candidates as others on others.video_id = other_video_id
    where $pairing = 'embedding'
    group by all
),

pairs as (
    select * from followed where follower != leader
    union all
    select * from alike where follower != leader
),

halves as (
    select leader, 0 as side, leader as video_id from pairs
    union all
    select leader, 1 as side, follower as video_id from pairs
),

paired_clips as (
    select halves.leader, halves.side, drawn.* from halves inner join drawn using (video_id)
),

-- One max() per position: list() would hold the hashes of all clips in memory, max() can spill to disk.
pictures as (
    select
        clip_id,
        category,
        [
            max(frame_hash) filter (where nth = 0), max(frame_hash) filter (where nth = 1),
            max(frame_hash) filter (where nth = 2), max(frame_hash) filter (where nth = 3),
            max(frame_hash) filter (where nth = 4), max(frame_hash) filter (where nth = 5),
            max(frame_hash) filter (where nth = 6), max(frame_hash) filter (where nth = 7)
        ] as hashes
    from (
        select
            *,
            case $images_per_clip
                when 8 then uniform_8
                when 4 then uniform_4
                when 1 then if(is_center, 0, null)
            end as nth
        from clip_frames
    )
    group by all
)

select
    leader,
    side,
    video_id,
    category,
    clip_id,
    start_seconds,
    end_seconds,
    trim(caption) as caption,
    null::varchar as speech,
    is_shown,
    coalesce(list_filter(hashes, lambda hash: hash is not null), []) as frame_hashes
from paired_clips
left join pictures using (clip_id, category)
order by leader, side, start_seconds, clip_id
