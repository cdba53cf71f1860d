-- One row per keyframe of a captioned clip without a caption: it would be missing from the clip's summary.
-- severity: error
select keyframes.clip_id, keyframes.keyframe
from keyframes
semi join (select clip_id from keyframe_captions where error is null) as told using (clip_id)
anti join keyframe_captions
    on keyframe_captions.clip_id = keyframes.clip_id
    and keyframe_captions.keyframe = keyframes.keyframe
where keyframes.error is null
