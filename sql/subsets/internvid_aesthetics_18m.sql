-- One row per clip of InternVid-Aesthetics-18M: captioned clips that look good, the best first.
-- $size = 18000000: clips of the released subset (InternVid section 4)
-- $min_aesthetic_score = 4.0: "aesthetic score of at least 4" (InternVid section 4), on LAION's scale
--
-- A clip without an aesthetic score has not been seen to reach the threshold: it is not chosen. The check
-- aesthetic_scores__one_per_kept_clip lists such clips.
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

ranked as (
    select
        clip_id,
        video_id,
        category,
        row_number() over (order by aesthetic_score desc, clip_id) as rank,
        aesthetic_score as sampling_key,
        caption,
        umt_score,
        aesthetic_score
    from pool
    where aesthetic_score >= $min_aesthetic_score
)

select *
from ranked
where rank <= $size
order by rank
