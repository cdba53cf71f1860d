-- One row per stage and outcome: how many videos, then clips, were kept, and why each of the others was not.
with outcomes as (
    select 'videos' as stage, coalesce(rejection_reason, error, 'kept') as reason
    from videos
    union all
    select 'clips', coalesce(rejection_reason, error, 'kept')
    from clips
),

counted as (
    select stage, reason, count(*) as count
    from outcomes
    group by stage, reason
)

select
    stage,
    reason,
    count,
    count / sum(count) over (partition by stage) as share
from counted
order by stage = 'clips', reason != 'kept', count desc, reason
