-- One row per dataset, that is one: the columns of InternVid's table 1 for this dataset's captioned clips.
-- Rounded, because the last digits of a sum depend on the order in which threads add.
with eligible as (
    select
        count(*) as videos,
        round(sum(duration_seconds) / 3600, 6) as video_hours,
        round(avg(duration_seconds), 6) as mean_video_seconds,
        count(distinct category) as categories,
        count(distinct language) as languages
    from videos
    where rejection_reason is null
        and error is null
),

captioned as (
    select
        count(*) as clips,
        round(sum(end_seconds - start_seconds) / 3600, 6) as hours,
        round(avg(end_seconds - start_seconds), 6) as mean_clip_seconds,
        sum(caption_words)::bigint as caption_words,
        avg(caption_words) as mean_caption_words
    from captioned_clips
)

select
    videos,
    clips,
    coalesce(hours, 0) as hours,
    mean_clip_seconds,
    coalesce(caption_words, 0) as caption_words,
    mean_caption_words,
    coalesce(video_hours, 0) as video_hours,
    mean_video_seconds,
    categories,
    languages
from eligible
cross join captioned
