-- One row per clip that does not end after its start, or whose times are missing or inconsistent by over 1 ms.
-- severity: error
select clip_id, start_pts, end_pts, start_seconds, end_seconds, duration_seconds
from clips
where error is null
    and (
        coalesce(end_pts <= start_pts, true)
        or coalesce(end_seconds <= start_seconds, true)
        or coalesce(abs(end_seconds - start_seconds - duration_seconds) > 0.001, true)
    )
