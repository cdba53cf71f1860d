-- One row per clip with differential captions but no row in dense_captions, not even a failed one.
-- severity: error
select distinct clip_id
from keyframe_captions
anti join dense_captions using (clip_id)
where caption is not null
