-- One row per clip of InternVid-10M-FLT, as its authors first described it: of a DIV sample, the best UMT-SIM.
-- $size = 35491527: clips sampled first; 30 % of them is the size of the released subset
-- $seed = 42: the seed of div_sampling.py; another seed gives another sample
-- $top_fraction = 0.3: the paper's; "UMT-score filter on DIV" (OpenGVLab/InternVideo, issue 75) gives none
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $collapse_duplicates = False: whether to keep one clip per group of near-duplicates; the paper keeps all
-- steps: captioned_clips, pool, scored, drawn, best
--
-- A clip without a UMT-SIM cannot be ranked: it is not sampled.
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

scored as not materialized (
    select * from pool where umt_score is not null
),

per_video as materialized (
    select video_id, category, count(*) as clips from scored group by all
),

-- Efraimidis-Spirakis: weighted sampling without replacement takes the smallest -ln(u) / weight; the weight is
-- 1 / (clips of the video). The golden ratio rotates u per seed. A growing pool keeps its order.
keyed as not materialized (
    select *, -ln(1 - fmod(draw + $seed * 0.6180339887498949, 1)) * clips as sampling_key
    from scored
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

drawn as not materialized (
    select *
    from keyed
    inner join last on sampling_key <= upto
    order by sampling_key, clip_id
    limit $size
),

threshold as materialized (
    select -quantile_disc(-umt_score, $top_fraction) as lowest_score from drawn
),

best as (
    select * from drawn inner join threshold on umt_score >= lowest_score
)

select
    clip_id,
    video_id,
    category,
    start_seconds,
    end_seconds,
    row_number() over (order by sampling_key, clip_id) as rank,
    sampling_key,
    concat('drawn by weight 1/', clips, ', then umt_score >= ', lowest_score::decimal(9, 4)) as reason,
    caption,
    umt_score,
    aesthetic_score
from best
order by rank
