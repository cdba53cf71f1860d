-- One row per motion bucket (grey levels per frame, doubling): its clips, and how many were rejected.
with bucketed as (
    select
        case
            when motion_mean < 0.025 then 0
            else 0.025 * pow(2, floor(log2(motion_mean / 0.025)))
        end as motion_from,
        rejection_reason,
        flow_mean
    from clips
    where error is null
)

select
    motion_from,
    if(motion_from = 0, 0.025, 2 * motion_from) as motion_to,
    count(*) as clips,
    count(*) filter (rejection_reason = 'still') as still_clips,
    count(*) filter (rejection_reason = 'extreme_motion') as extreme_clips,
    median(flow_mean) as median_flow
from bucketed
group by motion_from
order by motion_from
