-- One row per clip of InternVid-10M-DIV: captioned clips, sampled so that long videos do not dominate.
-- $size = 10647458: clips of the released subset (InternVid, div_sampling.py)
-- $seed = 42: the seed of div_sampling.py; another seed gives another sample
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $collapse_duplicates = False: whether to keep one clip per group of near-duplicates; the paper keeps all
-- steps: captioned_clips, pool, drawn
--
-- The weight is 1 / (clips of the video in the pool), as in div_sampling.py; the paper (section 4) says
-- "the longer the source video, the lower the chance". Scores are copied but not required; they may be null.
with pool as not materialized (
    select *
    from captioned_clips
    anti join (
        select video_id, category from withheld_videos where reason != 'benchmark' or $decontaminate
    ) using (video_id, category)
    anti join (
        select clip_id from duplicate_groups where $collapse_duplicates and clip_id != representative_clip_id
    ) using (clip_id)
),

per_video as materialized (
    select video_id, category, count(*) as clips from pool group by all
),

-- Efraimidis-Spirakis: weighted sampling without replacement takes the smallest -ln(u) / weight; the weight is
-- 1 / (clips of the video). The golden ratio rotates u per seed. A growing pool keeps its order.
keyed as not materialized (
    select *, -ln(1 - fmod(draw + $seed * 0.6180339887498949, 1)) * clips as sampling_key
    from pool
    inner join per_video using (video_id, category)
),

-- Sorting is expensive: a histogram of keys in steps of 1/1024 bounds the $size smallest; only they are sorted.
last as (
    select coalesce(min(upto), 'infinity') as upto
    from (
        select ceil(sampling_key * 1024) / 1024 as upto, sum(count(*)) over (order by upto) as clips
        from keyed
        group by upto
    )
    where clips >= $size
),

drawn as (
    select *
    from keyed
    inner join last on sampling_key <= upto
    order by sampling_key, clip_id
    limit $size
)

select
    clip_id,
    video_id,
    category,
    start_seconds,
    end_seconds,
    row_number() over () as rank,
    sampling_key,
    concat('drawn by weight 1/', clips) as reason,
    caption,
    umt_score,
    aesthetic_score
from drawn
