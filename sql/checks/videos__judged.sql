-- One row per candidate video without a row in videos: it would be lost without a reason.
-- severity: error
select candidate_videos.video_id, candidate_videos.source_uri
from candidate_videos
anti join videos using (video_id)
