-- One row per scope (everything, each category, each subset): the different verbs in its captions.
with verbs_of_clips as (
    select clip_id, category, unnest(verbs) as verb
    from caption_verbs
),

members as (
    select 'internvid_10m_div' as scope, clip_id, category from internvid_10m_div
    union all
    select 'internvid_10m_flt', clip_id, category from internvid_10m_flt
    union all
    select 'internvid_aesthetics_18m', clip_id, category from internvid_aesthetics_18m
),

scoped as (
    select 'all' as kind, 'all' as scope, clip_id, verb from verbs_of_clips
    union all
    select 'category', category, clip_id, verb from verbs_of_clips
    union all
    select 'subset', members.scope, members.clip_id, verbs_of_clips.verb
    from members
    inner join verbs_of_clips using (clip_id, category)
)

select
    kind,
    scope,
    count(distinct verb) as unique_verbs,
    count(*) as verbs,
    count(distinct clip_id) as captions_with_verbs,
    mode(verb order by verb) as most_frequent_verb
from scoped
group by kind, scope
order by kind, scope
