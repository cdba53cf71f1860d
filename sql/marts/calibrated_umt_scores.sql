-- One row per clip with a UMT-SIM: the score relative to other clips' captions and to the whole corpus.
-- Scores are compared only with those of the same model, so 2 deviations, or the best tenth, mean the same for
-- every model.
with strangers as (
    select
        model,
        -- Rounded, because the last digits of a sum depend on the order in which threads add.
        round(avg(shuffled_score), 9) as mean,
        round(stddev_pop(shuffled_score), 9) as deviation
    from shuffled_scores
    where error is null
    group by model
)

select
    umt_scores.clip_id,
    umt_scores.category,
    umt_scores.model,
    umt_scores.umt_score,
    -- Relative to the same clip with the reference captions; null if these all have the same score.
    (umt_scores.umt_score - umt_scores.reference_mean) / nullif(umt_scores.reference_deviation, 0) as z_score,
    -- Relative to the sampled clips of all categories with each other's captions.
    (umt_scores.umt_score - strangers.mean) / nullif(strangers.deviation, 0) as shuffled_z_score,
    100 * cume_dist() over (partition by umt_scores.model order by umt_scores.umt_score) as percentile
from umt_scores
left join strangers using (model)
where umt_scores.umt_score is not null
order by umt_scores.category, umt_scores.clip_id
