-- One row per clip that starts after the start of its video or the end of the previous clip, leaving a gap.
-- severity: error
with in_order as (
    select
        clip_id,
        start_pts,
        start_seconds,
        lag(end_pts) over (partition by video_id order by start_pts, end_pts) as previous_end_pts
    from clips
    where error is null
)

select *
from in_order
where coalesce(start_pts > previous_end_pts, start_seconds > 0)
