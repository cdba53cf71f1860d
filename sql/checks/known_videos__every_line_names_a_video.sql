-- One row per line of a dataset's file that does not identify a video: that video is not excluded.
-- severity: warn
select dataset, file, line, video_id as told, rejection_reason, mentions
from known_videos
where rejection_reason is not null
