-- One row per kept clip with a centre frame but no row in center_captions, or per superfluous row.
-- severity: error
with expected as (
    select distinct clips.clip_id
    from clips
    inner join clip_frames using (clip_id)
    where clips.rejection_reason is null
        and clips.error is null
        and clip_frames.is_center
)

select
    clip_id,
    expected.clip_id is null as is_superfluous
from expected
full join center_captions using (clip_id)
where expected.clip_id is null
    or center_captions.clip_id is null
