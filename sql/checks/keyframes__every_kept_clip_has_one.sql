-- One row per kept clip with frames but no row in keyframes, not even a failed one.
-- severity: error
select clips.clip_id
from clips
semi join (select clip_id from clip_frames where second is not null and error is null) as seen using (clip_id)
anti join keyframes using (clip_id)
where clips.rejection_reason is null
    and clips.error is null
