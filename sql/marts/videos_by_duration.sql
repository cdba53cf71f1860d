-- One row per duration bucket of InternVid's figure 3, in minutes: its eligible videos. Ranges are half-open.
with bucketed as (
    select
        case
            when duration_seconds < 300 then '0-5'
            when duration_seconds < 600 then '5-10'
            when duration_seconds < 900 then '10-15'
            when duration_seconds < 1200 then '15-20'
            else '>20'
        end as minutes,
        duration_seconds
    from videos
    where rejection_reason is null
        and error is null
)

select
    minutes,
    count(*) as videos,
    round(sum(duration_seconds) / 3600, 6) as hours,
    count(*) / sum(count(*)) over () as share
from bucketed
group by minutes
order by min(duration_seconds)
