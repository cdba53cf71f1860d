-- One row per eligible video without a row in clips, not even a failed one.
-- severity: error
select videos.video_id, videos.source_uri
from videos
anti join clips using (video_id)
where videos.rejection_reason is null
    and videos.error is null
