-- One row per clip of InternVid-10M-DIV: kept, captioned clips, drawn so that long videos do not dominate.
-- $size = 10647458: clips of the released subset (InternVid, div_sampling.py)
-- $seed = 42: the seed of div_sampling.py; another one draws other clips
--
-- The weight is 1 / (clips of the video in the pool), as in div_sampling.py; the paper (section 4) says
-- "the longer the source video, the lower the chance". Scores are carried, not asked for: null is fine.
with captioned as (
    select
        clips.clip_id,
        clips.video_id,
        clips.category,
        fused_captions.caption,
        umt_scores.umt_score,
        aesthetic_scores.aesthetic_score,
        coalesce(clips.content_hash, clips.video_id) as content,
        clips.video_id in (select video_id from known_videos where purpose = 'benchmark') as is_benchmark
    from clips
    inner join fused_captions using (clip_id, category)
    left join umt_scores using (clip_id, category)
    left join aesthetic_scores using (clip_id, category)
    where clips.rejection_reason is null
        and clips.error is null
        and fused_captions.caption is not null
),

-- Of videos with equal bytes, or offered in two categories, the smallest video_id and category stand for all.
-- A video that benchmarks test on is kept out, and so are its copies.
pool as (
    select *
    from captioned
    qualify dense_rank() over (partition by content order by video_id, category) = 1
        and not bool_or(is_benchmark) over (partition by content)
),

-- Efraimidis-Spirakis: drawing by weight w without replacement is taking the smallest -ln(u) / w,
-- here with w = 1 / clips of the video in the pool. u comes from the clip's own name and the seed
-- (52 bits of an MD5, a sum that never changes), so a pool that grows keeps the order it had.
keyed as (
    select
        *,
        (('0x' || left(md5(clip_id || ':' || $seed::varchar), 13))::bigint + 0.5) / 4503599627370496 as u,
        -ln(u) * count(*) over (partition by video_id) as sampling_key
    from pool
),

ranked as (
    select
        clip_id,
        video_id,
        category,
        row_number() over (order by sampling_key, clip_id) as rank,
        sampling_key,
        caption,
        umt_score,
        aesthetic_score
    from keyed
)

select *
from ranked
where rank <= $size
order by rank
