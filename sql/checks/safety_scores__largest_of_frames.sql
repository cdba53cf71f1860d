-- One row per clip whose safety score is not the maximum of its frame scores, or is not between 0 and 1.
-- severity: error
with told as (
    select clip_id, nsfw as score, nsfw_of_frames as of_frames
    from safety_scores
    where error is null
    union all
    select clip_id, text_area, text_area_of_frames
    from safety_scores
    where error is null
)

select *
from told
-- The columns of a model that is not configured are null.
where not (score is null and of_frames is null)
    -- Not isnan(): DuckDB answers it from Parquet statistics, which ignore NaN.
    and not coalesce(
        isfinite(score) and abs(score - list_max(of_frames)) < 1e-6 and score between 0 and 1.001,
        false
    )
