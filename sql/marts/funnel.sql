-- One row per step from candidate videos to selected clips: what remains, and its share of the previous step.
-- All subsets select from the captioned clips, so each of them follows that step.
with steps as (
    select 1 as position, 'candidates' as step, 'video' as unit, count(*) as count from candidate_videos
    union all
    select 2, 'acquired', 'video', count(*) from acquired_videos where error is null
    union all
    select 3, 'eligible', 'video', count(*) from videos where rejection_reason is null and error is null
    union all
    select 4, 'cut', 'clip', count(*) from clips where error is null
    union all
    select 5, 'kept', 'clip', count(*) from clips where rejection_reason is null and error is null
    union all
    select 6, 'captioned', 'clip', count(*) from captioned_clips
    union all
    select 7, subset, 'clip', count(clip_id) from subsets left join chosen_clips using (subset) group by subset
)

select
    steps.position,
    steps.step,
    steps.unit,
    steps.count,
    steps.count / nullif(before.count, 0) as share_of_before
from steps
left join steps as before on before.position = steps.position - 1 and before.unit = steps.unit
order by steps.position, steps.count desc, steps.step
