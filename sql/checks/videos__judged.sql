-- One row per candidate video that was never judged: it would be lost without a reason.
-- severity: error
select candidate_videos.video_id, candidate_videos.source_uri
from candidate_videos
anti join videos using (video_id)
