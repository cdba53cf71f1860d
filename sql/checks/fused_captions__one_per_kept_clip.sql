-- One row per kept clip that has centre and frame captions but no row in fused_captions, not even a failed one.
-- severity: error
select clips.clip_id
from clips
semi join (select clip_id from center_captions where caption is not null) as coarse using (clip_id)
semi join (select clip_id from frame_captions where caption is not null) as fine using (clip_id)
anti join fused_captions using (clip_id)
where clips.rejection_reason is null
    and clips.error is null
