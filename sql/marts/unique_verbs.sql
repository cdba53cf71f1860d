-- One row per scope (everything, each category, each subset): the different verbs in its captions.
with verbs_of_clips as (
    select clip_id, category, unnest(verbs) as verb
    from caption_verbs
),

scoped as (
    select 'all' as kind, 'all' as scope, clip_id, verb from verbs_of_clips
    union all
    select 'category', category, clip_id, verb from verbs_of_clips
    union all
    select 'subset', chosen_clips.subset, chosen_clips.clip_id, verbs_of_clips.verb
    from chosen_clips
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
