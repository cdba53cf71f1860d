-- One row per dataset, so one: ours in the columns of InternVid's table 1, of clips with captions.
with eligible as (
    select
        count(*) as videos,
        sum(duration_seconds) / 3600 as video_hours,
        avg(duration_seconds) as mean_video_seconds,
        count(distinct category) as categories,
        count(distinct language) as languages
    from videos
    where rejection_reason is null
        and error is null
),

captioned as (
    select
        count(*) as clips,
        sum(end_seconds - start_seconds) / 3600 as hours,
        avg(end_seconds - start_seconds) as mean_clip_seconds,
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
