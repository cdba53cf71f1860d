-- One row per category with candidates: how many there are, and how many are eligible, rejected or failed.
-- `share` is of all eligible videos, as in InternVid's figure 3.
with judged as (
    select
        category,
        count(*) as videos,
        count(*) filter (where rejection_reason is null and error is null) as eligible_videos,
        count(*) filter (where rejection_reason is not null and error is null) as rejected_videos,
        count(*) filter (where error is not null) as failed_videos,
        coalesce(sum(duration_seconds) filter (where rejection_reason is null), 0) / 3600 as eligible_hours,
        avg(duration_seconds) filter (where rejection_reason is null) as mean_eligible_seconds
    from videos
    group by category
),

offered as (
    select category, count(*) as candidates
    from candidate_videos
    group by category
)

select
    category,
    coalesce(offered.candidates, 0) as candidates,
    coalesce(judged.videos, 0) as videos,
    coalesce(judged.eligible_videos, 0) as eligible_videos,
    coalesce(judged.rejected_videos, 0) as rejected_videos,
    coalesce(judged.failed_videos, 0) as failed_videos,
    coalesce(judged.eligible_hours, 0) as eligible_hours,
    judged.mean_eligible_seconds,
    coalesce(judged.eligible_videos, 0) / nullif(sum(judged.eligible_videos) over (), 0) as share
from offered
full join judged using (category)
order by category
