-- One row per clip of InternVid-10M: captioned clips, sampled uniformly.
-- $size = 10000000: "uniformly sampled" (InternVid section 4)
-- $seed = 42: another seed gives another sample
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $collapse_duplicates = False: whether to keep one clip per group of near-duplicates; the paper keeps all
-- steps: captioned_clips, pool, drawn
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

-- Rotating `draw` by a multiple of the golden ratio gives each seed its own order, just as uniform.
keyed as not materialized (
    select *, fmod(draw + $seed * 0.6180339887498949, 1) as sampling_key from pool
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
    'drawn uniformly' as reason,
    caption,
    umt_score,
    aesthetic_score
from drawn
