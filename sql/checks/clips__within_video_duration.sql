-- One row per clip that ends more than two frames and 0.1 s after its video.
-- severity: warn
select clips.clip_id, clips.end_seconds, videos.duration_seconds
from clips
inner join videos using (video_id)
where clips.error is null
    and clips.end_seconds > videos.duration_seconds + 0.1 + coalesce(2 / nullif(videos.frame_rate_fps, 0), 0)
