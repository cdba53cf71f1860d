-- One row per sampled frame outside the half-open range of its clip.
-- severity: error
select clip_frames.clip_id, clip_frames.pts, clips.start_pts, clips.end_pts
from clip_frames
inner join clips using (clip_id)
where clip_frames.error is null
    and not (clip_frames.pts >= clips.start_pts and clip_frames.pts < clips.end_pts)
