-- One row per category and duration bucket of InternVid's figure 4: its kept clips. Ranges are half-open.
with bucketed as (
    select
        category,
        case
            when duration_seconds < 2 then 1
            when duration_seconds < 4 then 2
            when duration_seconds < 10 then 3
            when duration_seconds < 20 then 4
            else 5
        end as bucket,
        duration_seconds
    from clips
    where rejection_reason is null
        and error is null
),

counted as (
    select
        category,
        bucket,
        count(*) as clips,
        sum(duration_seconds) / 3600 as hours
    from bucketed
    group by category, bucket
)

select
    category,
    ['0-2', '2-4', '4-10', '10-20', '>20'][bucket] as seconds,
    clips,
    hours,
    clips / sum(clips) over (partition by category) as share
from counted
order by category, bucket
