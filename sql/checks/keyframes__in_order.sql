-- One row per keyframe that is not later than the previous one, or is not numbered consecutively.
-- severity: error
with followed as (
    select
        clip_id,
        keyframe,
        pts,
        lag(pts) over clip as pts_before,
        row_number() over clip - 1 as place
    from keyframes
    where error is null
    window clip as (partition by clip_id order by keyframe)
)

select clip_id, keyframe, pts, pts_before
from followed
where pts <= pts_before
    or keyframe != place
