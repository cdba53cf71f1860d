-- One row per UMT-SIM that is missing without an error, or, with its frame scores, not a valid cosine.
-- severity: error
select clip_id, umt_score, frame_scores
from umt_scores
where error is null
    and (
        umt_score is null
        -- DuckDB answers isnan() and comparisons from Parquet statistics, which ignore NaN.
        or not isfinite(umt_score)
        or abs(umt_score) > 1.001
        or len(list_filter(frame_scores, lambda score: not isfinite(score) or abs(score) > 1.001)) > 0
    )
