-- One row per aesthetic score that is not the maximum of its frame scores.
-- severity: error
select clip_id, aesthetic_score, frame_scores
from aesthetic_scores
where error is null
    and (
        aesthetic_score is null
        -- Not isnan(): DuckDB answers it from Parquet statistics, which ignore NaN.
        or not isfinite(aesthetic_score)
        or coalesce(abs(aesthetic_score - list_max(frame_scores)) > 0.000001, true)
    )
