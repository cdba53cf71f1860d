-- One row per clip that starts before the end of the previous clip of its video.
-- severity: error
with in_order as (
    select
        clip_id,
        start_pts,
        lag(end_pts) over (partition by video_id order by start_pts, end_pts) as previous_end_pts
    from clips
    where error is null
)

select *
from in_order
where start_pts < previous_end_pts
