-- One row per 1 fps frame of a kept clip without a row in frame_captions, not even a failed one.
-- severity: error
select clip_frames.clip_id, clip_frames.second
from clip_frames
inner join clips using (clip_id)
anti join frame_captions
    on frame_captions.clip_id = clip_frames.clip_id
    and frame_captions.second = clip_frames.second
where clip_frames.second is not null
    and clip_frames.error is null
    and clips.rejection_reason is null
    and clips.error is null
