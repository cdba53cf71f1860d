-- One row per sequence whose items are not ordered by video, time, and clip, caption, speech.
-- severity: error
with ordered as (
    select
        format,
        sequence_id,
        list_transform(
            items,
            lambda item: row(
                list_position(video_ids, item.video_id),
                item.start_seconds,
                list_position(['clip', 'caption', 'speech'], item.kind)
            )
        ) as places
    from internvid_icl
)

select format, sequence_id
from ordered
where places != list_sort(list_distinct(places))
