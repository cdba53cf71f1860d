-- One row per category in which a tenth or more of at least 20 confidently identified captions is not English.
-- severity: warn
with told as (
    select category, language
    from caption_languages
    where error is null
        and probability >= 0.9
)

select
    category,
    count(*) as captions,
    count(*) filter (where language != 'en') as not_english,
    mode(language) filter (where language != 'en') as most_frequent
from told
group by category
having captions >= 20
    and not_english >= captions / 10
