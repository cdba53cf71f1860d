-- One row per subtitle cue that starts before the previous cue.
-- severity: error
with in_order as (
    select
        video_id,
        language,
        cue,
        start_seconds,
        lag(start_seconds) over (partition by video_id, language order by cue) as previous_start_seconds
    from subtitle_cues
    where error is null
)

select *
from in_order
where start_seconds < previous_start_seconds
