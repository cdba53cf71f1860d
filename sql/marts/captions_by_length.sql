-- One row per category and caption-length bucket of InternVid's figure 4: its captions. Ranges are half-open.
with bucketed as (
    select
        category,
        caption_words,
        case
            when caption_words < 10 then '0-10'
            when caption_words < 20 then '10-20'
            when caption_words < 30 then '20-30'
            else '>30'
        end as words
    from captioned_clips
    where caption_words > 0
),

counted as (
    select
        category,
        words,
        count(*) as captions,
        avg(caption_words) as mean_words,
        sum(caption_words)::bigint as total_words
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
