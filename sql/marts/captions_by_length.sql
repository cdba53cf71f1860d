-- One row per category and caption-length bucket of InternVid's figure 4: its captions. Ranges are half-open.
-- Captions are counted by their exact length first: buckets are then few rows, which halves the time.
with lengths as (
    select category, caption_words, count(*) as captions
    from captioned_clips
    where caption_words > 0
    group by category, caption_words
),

bucketed as (
    select
        category,
        case
            when caption_words < 10 then '0-10'
            when caption_words < 20 then '10-20'
            when caption_words < 30 then '20-30'
            else '>30'
        end as words,
        captions,
        captions * caption_words as total_words
    from lengths
),

counted as (
    select
        category,
        words,
        sum(captions)::bigint as captions,
        sum(total_words)::bigint as total_words
    from bucketed
    group by category, words
)

select
    category,
    words,
    captions,
    total_words / captions as mean_words,
    total_words,
    captions / sum(captions) over (partition by category) as share
from counted
order by category, mean_words
