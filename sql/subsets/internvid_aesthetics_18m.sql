-- One row per clip of InternVid-Aesthetics-18M: captioned clips with a high aesthetic score, best first.
-- $size = 18000000: clips of the released subset (InternVid section 4)
-- $min_aesthetic_score = 4.0: "aesthetic score of at least 4" (InternVid section 4), on LAION's scale
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $collapse_duplicates = False: whether to keep one clip per group of near-duplicates; the paper keeps all
-- steps: captioned_clips, pool, best
--
-- A clip without an aesthetic score is not selected. The check aesthetic_scores__one_per_kept_clip lists such
-- clips.
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

keyed as not materialized (
    select *, aesthetic_score as sampling_key from pool where aesthetic_score >= $min_aesthetic_score
),

-- Sorting is expensive: a histogram of scores in steps of 1/1024 bounds the $size best; only they are sorted.
last as (
    select coalesce(max(downto), '-infinity') as downto
    from (
        select floor(sampling_key * 1024) / 1024 as downto, sum(count(*)) over (order by downto desc) as clips
        from keyed
        group by downto
    )
    where clips >= $size
),

best as (
    select *
    from keyed
    inner join last on sampling_key >= downto
    order by sampling_key desc, clip_id
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
    format('aesthetic_score >= {:.4f}', $min_aesthetic_score) as reason,
    caption,
    umt_score,
    aesthetic_score
from best
