-- One row per category with videos: its clips, those that were kept, and how many of them got a caption.
with per_category as (
    select
        clips.category,
        count(distinct clips.video_id) as videos,
        count(*) filter (where clips.error is null) as clips,
        count(*) filter (where clips.rejection_reason is null and clips.error is null) as kept_clips,
        count(*) filter (where clips.error is not null) as failed_videos,
        count(fused_captions.caption) as captioned_clips,
        sum(clips.duration_seconds) filter (where clips.rejection_reason is null) / 3600 as kept_hours,
        avg(clips.duration_seconds) filter (where clips.rejection_reason is null) as mean_kept_seconds
    from clips
    left join fused_captions using (clip_id, category)
    group by clips.category
)

select *
from per_category
order by category
