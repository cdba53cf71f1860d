-- One row per scope (all, each category): the distinct verbs in its captions, as counted by InternVid.
with captioned as (
    select category, any_value(captions_with_verbs) as captions_with_verbs
    from verb_uses
    group by category
),

every_use as (
    select 'category' as kind, category as scope, verb, uses from verb_uses
    union all
    select 'all', 'all', verb, sum(uses) from verb_uses group by verb
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
