-- One row per subset, checkpoint and measure: results of one model trained on each subset, and the paper's.
-- Values are percentages of queries; ours are of one benchmark, the paper's a mean over several.
with ours as (
    select subset, checkpoint, measure, value from zero_shot_actions
    where action = 'all actions' and measure in ('top_1', 'average')
    union all
    select subset, checkpoint, direction || '_' || measure, value from video_text_retrieval
    where ranking = 'plain' and measure = 'recall_at_1'
),

papers as ( -- three action benchmarks, five retrieval benchmarks
    select subset, training_data, measure, round(avg(value), 2) as value
    from published_results
    group by subset, training_data, measure
),

trained as (
    select subset, checkpoint, measure, value from ours where checkpoint != 'clip'
),

listed as (
    select subset, measure from papers where subset is not null
    union
    select subset, measure from trained
)

select
    listed.subset,
    trained.checkpoint,
    listed.measure,
    trained.value as ours,
    clip.value as ours_before_training,
    paper.value as paper,
    before.value as paper_before_training,
    trained.value - clip.value as ours_gained,
    round(paper.value - before.value, 2) as paper_gained
from listed
left join trained using (subset, measure)
left join ours as clip
    on clip.subset = listed.subset and clip.measure = listed.measure and clip.checkpoint = 'clip'
left join papers as paper on paper.subset = listed.subset and paper.measure = listed.measure
left join papers as before on before.training_data = 'none' and before.measure = listed.measure
order by listed.measure, listed.subset, trained.checkpoint
