-- One row per aesthetic score that is not the largest of its frames' scores.
-- severity: error
select clip_id, aesthetic_score, frame_scores
from aesthetic_scores
where error is null
    and (
        aesthetic_score is null
        -- Parquet's statistics ignore NaN, and DuckDB answers isnan from them.
        or not isfinite(aesthetic_score)
        or coalesce(abs(aesthetic_score - list_max(frame_scores)) > 0.000001, true)
    )
