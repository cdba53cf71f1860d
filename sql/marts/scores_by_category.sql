-- One row per category and score with kept clips: how the score is spread, and how many clips lack it.
with kept as (
    select clip_id, category
    from clips
    where rejection_reason is null
        and error is null
),

scored as (
    select kept.category, 'umt_score' as score, umt_scores.umt_score as value
    from kept
    left join umt_scores using (clip_id, category)
    union all
    select kept.category, 'aesthetic_score', aesthetic_scores.aesthetic_score
    from kept
    left join aesthetic_scores using (clip_id, category)
)

select
    category,
    score,
    count(value) as scored_clips,
    count(*) - count(value) as missing_clips,
    avg(value) as mean,
    min(value) as minimum,
    quantile_cont(value, 0.1) as quantile_10,
    quantile_cont(value, 0.5) as median,
    quantile_cont(value, 0.9) as quantile_90,
    max(value) as maximum
from scored
group by category, score
order by category, score
