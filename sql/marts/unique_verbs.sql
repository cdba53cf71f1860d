-- One row per scope (everything, each category, each subset): the different verbs in its captions.
with captions as (
    select 'category' as kind, category as scope, verbs
    from caption_verbs
    where len(verbs) > 0
    union all
    select 'subset', chosen_clips.subset, caption_verbs.verbs
    from chosen_clips
    inner join caption_verbs using (clip_id, category)
    where len(caption_verbs.verbs) > 0
),

-- How often each verb is used is few rows, whatever their number of captions: the rest is counted from those.
used as (
    select kind, scope, verb, count(*) as uses
    from (select kind, scope, unnest(verbs) as verb from captions)
    group by kind, scope, verb
),

captioned as (
    select kind, scope, count(*) as captions_with_verbs
    from captions
    group by kind, scope
),

every_use as (
    select * from used
    union all
    select 'all', 'all', verb, sum(uses) from used where kind = 'category' group by verb
),

every_caption as (
    select * from captioned
    union all
    select 'all', 'all', sum(captions_with_verbs) from captioned where kind = 'category'
)

select
    kind,
    scope,
    count(*) as unique_verbs,
    sum(uses)::bigint as verbs,
    any_value(captions_with_verbs)::bigint as captions_with_verbs,
    first(verb order by uses desc, verb) as most_frequent_verb
from every_use
inner join every_caption using (kind, scope)
group by kind, scope
order by kind, scope
