-- One row per clip of `captioned` sequences: a video's clips and captions in order (InternVid 3.4).
-- $subset = '': only clips of this subset; empty: all clips
-- $drop_probability = 0.3: "Videos are randomly dropped with a probability (0.3)" (InternVid, appendix D)
-- $drop_unit = 'video': drop whole videos, or only the frames of a 'clip', whose caption stays
-- $seed = 42: another seed drops others
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $images_per_clip = 4: the centre frame (1), or the 4 or 8 uniform frames
-- steps: captioned_clips, pool, drawn
--
-- Dropping depends only on a hash of seed and name, so that a growing lake keeps its sequences.
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
    drawn.video_id as leader,
    0 as side,
    drawn.video_id,
    category,
    clip_id,
    drawn.start_seconds,
    drawn.end_seconds,
    trim(drawn.caption) as caption,
    null::varchar as speech,
    is_shown,
    coalesce(list_filter(hashes, lambda hash: hash is not null), []) as frame_hashes
from drawn
left join pictures using (clip_id, category)
order by leader, side, start_seconds, clip_id
