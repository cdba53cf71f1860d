-- One row per sequence whose items are not in the order of their videos, and of time in each.
-- severity: error
with items as (
    select
        format,
        sequence_id,
        unnest(generate_series(1, len(items))) as place,
        unnest(items, recursive := true)
    from internvid_icl
),

neighbours as (
    select
        *,
        lag(video_id) over (partition by format, sequence_id order by place) as video_before,
        lag(clip_id) over (partition by format, sequence_id order by place) as clip_before,
        lag(end_seconds) over (partition by format, sequence_id order by place) as end_before,
        lag(kind) over (partition by format, sequence_id order by place) as kind_before
    from items
)

select distinct format, sequence_id
from neighbours
where (video_id = video_before and clip_id != clip_before and start_seconds < end_before - 1e-6)
    or (clip_id = clip_before and not (kind > kind_before or (kind_before = 'clip' and kind = 'caption')))
