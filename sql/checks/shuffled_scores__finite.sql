-- One row per pair of scores of which one is missing without an error, or is not finite.
-- severity: error
select clip_id, own_score, shuffled_score
from shuffled_scores
where error is null
    -- DuckDB answers isnan() and comparisons from Parquet statistics, which ignore NaN.
    and not coalesce(isfinite(own_score) and isfinite(shuffled_score), false)
