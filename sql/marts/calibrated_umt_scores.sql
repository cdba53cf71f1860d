-- One row per clip with a UMT-SIM: the score against strangers' captions and against the whole corpus.
-- A model's scores are compared with those of the same model only, so 2 deviations, or the best tenth, mean the
-- same whichever model scored.
with strangers as (
    select
        model,
        -- A sum's last digits depend on the order in which threads add: without them, equal stays equal.
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
    -- How far the clip stands above itself with the reference captions: null where these all score alike.
    (umt_scores.umt_score - umt_scores.reference_mean) / nullif(umt_scores.reference_deviation, 0) as z_score,
    -- How far it stands above the drawn clips of all categories with each other's captions.
    (umt_scores.umt_score - strangers.mean) / nullif(strangers.deviation, 0) as shuffled_z_score,
    100 * cume_dist() over (partition by umt_scores.model order by umt_scores.umt_score) as percentile
from umt_scores
left join strangers using (model)
where umt_scores.umt_score is not null
order by umt_scores.category, umt_scores.clip_id
