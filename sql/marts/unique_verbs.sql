-- One row per scope (everything, each category): the different verbs in its captions, as InternVid counts them.
-- How often each verb is used is few rows, whatever their number of captions: the rest is counted from those.
with used as (
    select category, verb, count(*) as uses
    from (select category, unnest(verbs) as verb from caption_verbs)
    group by category, verb
),

captioned as (
    select category, count(*) as captions_with_verbs
    from caption_verbs
    where len(verbs) > 0
    group by category
),

every_use as (
    select 'category' as kind, category as scope, verb, uses from used
    union all
    select 'all', 'all', verb, sum(uses) from used group by verb
),

every_caption as (
    select 'category' as kind, category as scope, captions_with_verbs from captioned
    union all
    select 'all', 'all', sum(captions_with_verbs) from captioned
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
