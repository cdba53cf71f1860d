-- One row per score and model: the distribution of its scores over all categories, and useful thresholds.
-- `two_deviations` is the UMT-SIM two standard deviations above clips with each other's captions.
with scored as (
    select 'umt_score' as score, model, umt_score as value
    from umt_scores
    where umt_score is not null
    union all
    select 'aesthetic_score', model, aesthetic_score
    from aesthetic_scores
    where aesthetic_score is not null
),

strangers as (
    select
        'umt_score' as score,
        model,
        count(*) as pairs,
        -- Rounded, because the last digits of a sum depend on the order in which threads add.
        round(avg(shuffled_score), 9) as mean,
        round(stddev_pop(shuffled_score), 9) as deviation,
        avg((own_score > shuffled_score)::integer) as share_won
    from shuffled_scores
    where error is null
    group by model
),

spread as (
    select
        score,
        model,
        count(*) as clips,
        round(avg(value), 9) as mean,
        round(stddev_pop(value), 9) as deviation,
        quantile_cont(value, [0.5, 0.7, 0.9]) as quantiles -- in one call: each would hold every score in memory
    from scored
    group by score, model
)

select
    spread.* exclude (quantiles),
    quantiles[1] as median,
    quantiles[2] as best_30_percent,
    quantiles[3] as best_10_percent,
    strangers.mean as shuffled_mean,
    strangers.deviation as shuffled_deviation,
    strangers.mean + 2 * strangers.deviation as two_deviations,
    strangers.share_won
from spread
left join strangers using (score, model)
order by spread.score, spread.model
