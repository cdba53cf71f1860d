-- One row per category and caption length bucket of InternVid's figure 4: its captions. Ranges are half open.
with lengths as (
    select
        category,
        len(string_split_regex(trim(caption), '\s+')) as length_words
    from fused_captions
    where trim(caption) != ''
),

bucketed as (
    select
        *,
        case
            when length_words < 10 then '0-10'
            when length_words < 20 then '10-20'
            when length_words < 30 then '20-30'
            else '>30'
        end as words
    from lengths
),

counted as (
    select
        category,
        words,
        count(*) as captions,
        avg(length_words) as mean_words,
        sum(length_words)::bigint as total_words
    from bucketed
    group by category, words
)

select
    category,
    words,
    captions,
    mean_words,
    total_words,
    captions / sum(captions) over (partition by category) as share
from counted
order by category, mean_words
