-- One row per category and duration bucket of InternVid's figure 4: its kept clips. Ranges are half-open.
with bucketed as (
    select
        category,
        case
            when duration_seconds < 2 then '0-2'
            when duration_seconds < 4 then '2-4'
            when duration_seconds < 10 then '4-10'
            when duration_seconds < 20 then '10-20'
            else '>20'
        end as seconds,
        duration_seconds
    from clips
    where rejection_reason is null
        and error is null
),

counted as (
    select
        category,
        seconds,
        min(duration_seconds) as shortest_seconds,
        count(*) as clips,
        sum(duration_seconds) / 3600 as hours
    from bucketed
    group by category, seconds
)

select
    category,
    seconds,
    clips,
    hours,
    clips / sum(clips) over (partition by category) as share
from counted
order by category, shortest_seconds
