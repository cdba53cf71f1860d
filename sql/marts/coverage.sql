-- One row per table of clips and reason: how many clips have a value (`covered`) or lack one, and why.
-- A table has one row per clip it applies to, so missing clips are a difference of counts, not a join.
with outcomes as (
    select 'center_captions' as table_name, coalesce(error, if(caption is null, 'empty', 'covered')) as reason
    from center_captions
    union all
    select 'fused_captions', coalesce(error, if(caption is null, 'empty', 'covered')) from fused_captions
    union all
    select 'dense_captions', coalesce(error, if(caption is null, 'empty', 'covered')) from dense_captions
    union all
    select 'transcripts', coalesce(error, if(text is null, 'nothing_said', 'covered')) from transcripts
    union all
    select 'aesthetic_scores', coalesce(error, if(aesthetic_score is null, 'empty', 'covered'))
    from aesthetic_scores
    union all
    select 'safety_scores', coalesce(error, if(nsfw is null and text_area is null, 'empty', 'covered'))
    from safety_scores
    union all
    select 'umt_scores', coalesce(error, if(umt_score is null, 'empty', 'covered')) from umt_scores
    union all
    select 'clip_scores', coalesce(error, if(clip_score is null, 'empty', 'covered')) from clip_scores
    union all
    select 'caption_languages', coalesce(error, if(language is null, 'empty', 'covered')) from caption_languages
    union all
    select 'caption_verbs', coalesce(error, if(len(verbs) = 0, 'no_verb', 'covered')) from caption_verbs
    union all
    select 'clip_embeddings', coalesce(error, 'covered') from clip_embeddings
),

kept as (
    select count(*) as clips
    from clips
    where rejection_reason is null
        and error is null
),

expected as (
    select unnest([
        'center_captions', 'fused_captions', 'dense_captions',
        'transcripts', 'aesthetic_scores', 'safety_scores'
    ]) as table_name, 'kept' as made_for, clips
    from kept
    union all
    select unnest([
        'umt_scores', 'clip_scores', 'caption_languages', 'caption_verbs', 'clip_embeddings'
    ]), 'captioned', count(*)
    from captioned_clips
),

counted as (
    select table_name, reason, count(*) as clips
    from outcomes
    group by table_name, reason
),

without_row as (
    select expected.table_name, 'no_row', expected.clips - coalesce(sum(counted.clips), 0)::bigint as missing
    from expected
    left join counted using (table_name)
    group by expected.table_name, expected.clips
    having missing != 0
)

select
    table_name,
    made_for,
    reason,
    counted.clips,
    counted.clips / nullif(expected.clips, 0) as share
from (select * from counted union all select * from without_row) as counted
inner join expected using (table_name)
order by table_name, reason != 'covered', counted.clips desc, reason
