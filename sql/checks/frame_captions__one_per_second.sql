-- One row per 1 fps frame of a kept clip without a row in frame_captions, or per superfluous row.
-- severity: error
with expected as (
    select clip_frames.clip_id, clip_frames.second
    from clip_frames
    inner join clips using (clip_id)
    where clip_frames.second is not null
        and clip_frames.error is null
        and clips.rejection_reason is null
        and clips.error is null
)

select
    clip_id,
    second,
    expected.clip_id is null as is_superfluous
from expected
full join frame_captions using (clip_id, second)
where expected.clip_id is null
    or frame_captions.clip_id is null
