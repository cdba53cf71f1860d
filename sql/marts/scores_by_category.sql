-- One row per category and score with kept clips: the score's distribution, and how many clips lack it.
-- Quantiles are taken of scores rounded to three decimals, to avoid sorting hundreds of millions of values.
with scored as (
    select category, 'umt_score' as score, round(umt_score, 3) as value, umt_score as exact from umt_scores
    union all
    select category, 'aesthetic_score', round(aesthetic_score, 3), aesthetic_score from aesthetic_scores
),

counted as (
    select
        category,
        score,
        value,
        count(*) as clips,
        sum(exact) as total,
        min(exact) as least,
        max(exact) as most
    from scored
    where value is not null
    group by category, score, value
),

ranked as (
    select
        *,
        sum(clips) over (partition by category, score order by value)
            / sum(clips) over (partition by category, score) as rank
    from counted
),

spread as (
    select
        category,
        score,
        sum(clips)::bigint as scored_clips,
        round(sum(total) / sum(clips), 9) as mean,
        min(least) as minimum,
        min(value) filter (rank >= 0.1) as quantile_10,
        min(value) filter (rank >= 0.5) as median,
        min(value) filter (rank >= 0.9) as quantile_90,
        max(most) as maximum
    from ranked
    group by category, score
),

kept as (
    select category, count(*) as clips
    from clips
    where rejection_reason is null
        and error is null
    group by category
)

select
    category,
    score,
    coalesce(scored_clips, 0) as scored_clips,
    clips - coalesce(scored_clips, 0) as missing_clips,
    mean,
    minimum,
    quantile_10,
    median,
    quantile_90,
    maximum
from kept
cross join (values ('umt_score'), ('aesthetic_score')) as scores (score)
left join spread using (category, score)
order by category, score
