-- One row per clip with a UMT-SIM: the score against the reference captions and against the whole corpus.
select
    clip_id,
    category,
    umt_score,
    -- Null where the reference captions all score alike: there is then no scale to measure on.
    (umt_score - reference_mean) / nullif(reference_deviation, 0) as z_score,
    100 * cume_dist() over (order by umt_score) as percentile
from umt_scores
where umt_score is not null
order by category, clip_id
