-- One row per clip of InternVid-10M-FLT: the best captioned clips by UMT-SIM, drawn like DIV.
-- $size = 10647458: clips of the released subset (InternVid, div_sampling.py)
-- $seed = 42: the seed of div_sampling.py; another one draws other clips
-- $top_fraction = 0.3: "UMT-SIM ranking among the top 30%" (InternVid section 4)
--
-- A clip without a UMT-SIM has no place in a ranking by it: it is neither chosen nor counted among those of
-- which 30 % are taken. The check umt_scores__one_per_captioned_clip lists such clips.
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

best as (
    select *
    from pool
    where umt_score is not null
    -- The subtraction takes back what binary fractions add: 7 % of 100 is 7.000000000000001.
    qualify row_number() over (order by umt_score desc, clip_id)
        <= ceil($top_fraction * count(*) over () - 1e-9)
),

-- Efraimidis-Spirakis: drawing by weight w without replacement is taking the smallest -ln(u) / w,
-- here with w = 1 / clips of the video in the pool. u comes from the clip's own name and the seed
-- (52 bits of an MD5, a sum that never changes), so a pool that grows keeps the order it had.
keyed as (
    select
        *,
        (('0x' || left(md5(clip_id || ':' || $seed::varchar), 13))::bigint + 0.5) / 4503599627370496 as u,
        -ln(u) * count(*) over (partition by video_id) as sampling_key
    from best
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
