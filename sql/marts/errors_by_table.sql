-- One row per table of calls and error code: the calls that failed, and one of their messages.
with calls as (
    select 'caption_phrases' as table_name, error, error_message, attempts from caption_phrases
    union all
    select 'query_translations', error, error_message, attempts from query_translations
    union all
    select 'acquired_videos', error, error_message, attempts from acquired_videos
    union all
    select 'videos', error, error_message, attempts from videos
    union all
    select 'clips', error, error_message, attempts from clips
    union all
    select 'clip_frames', error, error_message, attempts from clip_frames
    union all
    select 'subtitle_cues', error, error_message, attempts from subtitle_cues
    union all
    select 'speech_cues', error, error_message, attempts from speech_cues
    union all
    select 'transcripts', error, error_message, attempts from transcripts
    union all
    select 'center_captions', error, error_message, attempts from center_captions
    union all
    select 'frame_captions', error, error_message, attempts from frame_captions
    union all
    select 'fused_captions', error, error_message, attempts from fused_captions
    union all
    select 'keyframes', error, error_message, attempts from keyframes
    union all
    select 'keyframe_captions', error, error_message, attempts from keyframe_captions
    union all
    select 'dense_captions', error, error_message, attempts from dense_captions
    union all
    select 'clip_embeddings', error, error_message, attempts from clip_embeddings
    union all
    select 'aesthetic_scores', error, error_message, attempts from aesthetic_scores
    union all
    select 'umt_scores', error, error_message, attempts from umt_scores
    union all
    select 'shuffled_scores', error, error_message, attempts from shuffled_scores
    union all
    select 'safety_scores', error, error_message, attempts from safety_scores
    union all
    select 'caption_languages', error, error_message, attempts from caption_languages
    union all
    select 'caption_verbs', error, error_message, attempts from caption_verbs
)

select
    table_name,
    error,
    count(*) as count,
    max(attempts) as most_attempts,
    min(error_message) as example_message
from calls
where error is not null
group by table_name, error
order by count desc, table_name, error
