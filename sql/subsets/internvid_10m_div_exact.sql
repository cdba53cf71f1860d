-- One row per clip of InternVid-10M-DIV in exact mode: sampled by numpy, as in div_sampling.py.
-- $size = 10647458: clips of the released subset (InternVid, div_sampling.py)
-- $seed = 42: the seed of div_sampling.py; another seed gives another sample
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $collapse_duplicates = False: whether to keep one clip per group of near-duplicates; the paper keeps all
-- steps: captioned_clips, pool, drawn
--
-- The sample equals the script's for a list in the order of `listed`; one clip more or less changes all of it.
-- internvid_10m_div has the same probabilities, keeps its order as the pool grows, and needs no such memory:
-- this one holds the whole pool, at about 60 bytes per clip.
with pool as (
    select *
    from captioned_clips
    anti join (
        select video_id, category from withheld_videos where reason != 'benchmark' or $decontaminate
    ) using (video_id, category)
    anti join (
        select clip_id from duplicate_groups where $collapse_duplicates and clip_id != representative_clip_id
    ) using (clip_id)
),

per_video as (
    select video_id, category, count(*) as clips from pool group by all
),

listed as (
    select
        clip_id,
        category,
        clips,
        row_number() over (order by video_id, start_seconds, clip_id, category) - 1 as position
    from pool
    inner join per_video using (video_id, category)
),

choice as (
    select numpy_choice(list(1 / clips order by position), $size, $seed) as positions from listed
),

drawn as (
    select unnest(positions) as position, generate_subscripts(positions, 1) as rank from choice
)

select
    clip_id,
    video_id,
    category,
    start_seconds,
    end_seconds,
    rank,
    null::double as sampling_key,
    format('drawn by numpy by weight 1/{}', clips) as reason,
    caption,
    umt_score,
    aesthetic_score
from drawn
inner join listed using (position)
inner join captioned_clips using (clip_id, category)
order by rank
