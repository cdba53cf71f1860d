-- One row per stage and outcome: how many rows were kept, and how many were rejected for which reason.
with outcomes as (
    select 1 as position, 'candidates' as stage, coalesce(listing_error, rejection_reason, 'kept') as reason
    from candidate_videos
    union all
    select 2, 'acquired', coalesce(error, 'kept') from acquired_videos
    union all
    select 3, 'videos', coalesce(rejection_reason, error, 'kept') from videos
    union all
    select 4, 'clips', coalesce(rejection_reason, error, 'kept') from clips
    union all
    select 5, 'captions', coalesce(error, if(caption is null, 'no_caption', 'kept')) from fused_captions
),

counted as (
    select position, stage, reason, count(*) as count
    from outcomes
    group by all
)

select
    stage,
    reason,
    count,
    count / sum(count) over (partition by stage) as share
from counted
order by position, reason != 'kept', count desc, reason
