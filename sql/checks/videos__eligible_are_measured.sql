-- One row per eligible video without a content hash, a duration or dimensions.
-- severity: error
select video_id, content_hash, duration_seconds, width_pixels, height_pixels
from videos
where rejection_reason is null
    and error is null
    and (
        content_hash is null
        or coalesce(duration_seconds, 0) <= 0
        or coalesce(width_pixels, 0) <= 0
        or coalesce(height_pixels, 0) <= 0
    )
