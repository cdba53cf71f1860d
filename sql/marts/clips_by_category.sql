-- One row per category with videos: its clips, the kept ones, and the captioned ones.
with cut as (
    select
        category,
        count(distinct video_id) as videos,
        count(*) filter (error is null) as clips,
        count(*) filter (rejection_reason is null and error is null) as kept_clips,
        count(*) filter (error is not null) as failed_videos,
        sum(duration_seconds) filter (rejection_reason is null and error is null) / 3600 as kept_hours,
        avg(duration_seconds) filter (rejection_reason is null and error is null) as mean_kept_seconds
    from clips
    group by category
),

captioned as (
    select category, count(*) as captions
    from captioned_clips
    group by category
)

select
    category,
    videos,
    clips,
    kept_clips,
    failed_videos,
    coalesce(captions, 0) as captioned_clips,
    kept_hours,
    mean_kept_seconds,
    kept_clips / nullif(sum(kept_clips) over (), 0) as share
from cut
left join captioned using (category)
order by category
