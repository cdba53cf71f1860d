-- One row per subset whose captions have verbs: the distinct verbs.
-- Separate from `unique_verbs`, since it looks up the verbs of every selected clip, and all subsets together
-- have more rows than there are clips.
with captions as (
    select subset, verbs
    from chosen_clips
    inner join caption_verbs using (clip_id, category)
    where len(verbs) > 0
),

used as (
    select subset, verb, count(*) as uses
    from (select subset, unnest(verbs) as verb from captions)
    group by subset, verb
),

captioned as (
    select subset, count(*) as captions_with_verbs
    from captions
    group by subset
)

select
    subset,
    count(*) as unique_verbs,
    sum(uses)::bigint as verbs,
    any_value(captions_with_verbs) as captions_with_verbs,
    first(verb order by uses desc, verb) as most_frequent_verb
from used
inner join captioned using (subset)
group by subset
order by subset
