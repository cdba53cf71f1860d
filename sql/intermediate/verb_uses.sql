-- One row per category and verb: how often the captions use it.
--
-- Verb statistics read this: grouping the verbs of 234 million captions by text takes half a minute; this is
-- made per category, and only if captions changed.
with captions as (
    select category, verbs
    from caption_verbs
    where len(verbs) > 0
),

used as (
    select category, verb, count(*) as uses
    from (select category, unnest(verbs) as verb from captions)
    group by category, verb
),

captioned as (
    select category, count(*) as captions_with_verbs
    from captions
    group by category
)

select
    category,
    verb,
    uses,
    captions_with_verbs
from used
inner join captioned using (category)
order by category, verb
