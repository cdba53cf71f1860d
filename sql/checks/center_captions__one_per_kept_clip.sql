-- One row per kept clip with a centre frame but no row in center_captions, not even a failed one.
-- severity: error
select clips.clip_id
from clips
semi join (select clip_id from clip_frames where is_center) as centers using (clip_id)
anti join center_captions using (clip_id)
where clips.rejection_reason is null
    and clips.error is null
