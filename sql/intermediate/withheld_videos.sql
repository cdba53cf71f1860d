-- One row per video with captioned clips that subsets exclude, and why.
--
-- Of videos with equal bytes, or listed in two categories, the one with the smallest video_id and category is
-- the original; the others are copies. `benchmark` and `takedown` apply to all copies of a video. A takedown
-- takes effect here at once, even before the upstream tables have removed the video.
with offered as (
    select distinct content, video_id, category
    from captioned_clips
),

judged as (
    select
        video_id,
        category,
        row_number() over (partition by content order by video_id, category) > 1 as is_copy,
        bool_or(video_id in (select video_id from known_videos where purpose = 'benchmark'))
            over (partition by content) as is_benchmark,
        bool_or(video_id in (select video_id from takedowns) or content in (select content_hash from takedowns))
            over (partition by content) as is_taken_down
    from offered
)

select
    video_id,
    category,
    case when is_taken_down then 'takedown' when is_copy then 'copy' else 'benchmark' end as reason
from judged
where is_taken_down or is_copy or is_benchmark
order by video_id, category
