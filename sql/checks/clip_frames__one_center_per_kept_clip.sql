-- One row per kept clip without exactly one centre frame, and without an error that explains it.
-- severity: error
with counted as (
    select
        clip_id,
        count(*) filter (where is_center) as centers,
        count(error) as errors
    from clip_frames
    group by clip_id
)

select clips.clip_id, coalesce(counted.centers, 0) as centers
from clips
left join counted using (clip_id)
where clips.rejection_reason is null
    and clips.error is null
    and coalesce(counted.errors, 0) = 0
    and coalesce(counted.centers, 0) != 1
