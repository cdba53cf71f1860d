-- One row per kept clip with frame captions but no row in fused_captions, or per superfluous row.
-- severity: error
with seen as (
    select clip_id from center_captions where caption is not null
    union
    select clip_id from frame_captions where caption is not null
),

expected as (
    select clip_id
    from clips
    semi join seen using (clip_id)
    where clips.rejection_reason is null
        and clips.error is null
)

select
    clip_id,
    expected.clip_id is null as is_superfluous
from expected
full join fused_captions using (clip_id)
where expected.clip_id is null
    or fused_captions.clip_id is null
