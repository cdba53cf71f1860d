-- One row per pair of scores of which one is missing without an error, or no cosine at all.
-- severity: error
select clip_id, own_score, shuffled_score
from shuffled_scores
where error is null
    -- Parquet's statistics ignore NaN, and DuckDB answers isnan and comparisons from them.
    and not coalesce(isfinite(own_score) and isfinite(shuffled_score), false)
