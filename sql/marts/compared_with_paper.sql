-- One row per figure in the InternVid paper, next to ours. Shares are fractions of 1.
with totals as (
    select
        unnest([
            'videos', 'clips', 'hours', 'mean_clip_seconds', 'caption_words', 'mean_caption_words',
            'mean_video_seconds', 'categories', 'languages'
        ]) as measure,
        unnest([
            videos, clips, hours, mean_clip_seconds, caption_words, mean_caption_words,
            mean_video_seconds, categories, languages
        ]) as value
    from dataset_totals
),

shares as (
    select 'videos_by_duration' as measure, minutes as bucket, share as value from videos_by_duration
    union all
    select 'videos_by_resolution', pixels, share from videos_by_resolution
    union all
    select 'clips_by_duration', seconds, sum(clips) / sum(sum(clips)) over () from clips_by_duration
    group by seconds
    union all
    select 'captions_by_length', words, sum(captions) / sum(sum(captions)) over () from captions_by_length
    group by words
    union all
    select score, '4-6', sum(share) filter (score_from >= 4 and score_to <= 6) from scores_by_bin
    where score = 'aesthetic_score' group by score
    union all
    select score, '0.3-0.4', sum(share) filter (score_from = 0.3) from scores_by_bin
    where score = 'umt_score' group by score
    union all
    select score, '0.2-0.3, 0.4-0.5', sum(share) filter (score_from in (0.2, 0.4)) from scores_by_bin
    where score = 'umt_score' group by score
),

ours as (
    select measure, 'all' as bucket, value from totals
    union all
    select 'unique_verbs', 'all', unique_verbs from unique_verbs where kind = 'all'
    union all
    select measure, bucket, coalesce(value, 0) from shares
    union all -- a bucket without rows has share 0 if any other has rows
    select measure, bucket, 0
    from published_statistics
    semi join shares using (measure)
    anti join shares using (measure, bucket)
    where dataset = 'InternVid'
)

select
    measure,
    bucket,
    ours.value as ours,
    paper.value as paper,
    ours.value / paper.value as ratio,
    paper.source,
    paper.note
from published_statistics as paper
left join ours using (measure, bucket)
where paper.dataset = 'InternVid'
order by bucket != 'all', measure, bucket[1] = '>', try_cast(split_part(bucket, '-', 1) as double)
