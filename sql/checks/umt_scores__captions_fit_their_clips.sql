-- One row per category whose captions fit hardly better than the reference captions do: foreign videos.
-- severity: warn
-- The sample profile's models know the sample world only; on other videos they say so here. With 10 clips
-- or more, captions that fit stand 2 deviations or more above the reference captions in the mean (3.2 in the
-- sample world, 1.6 where its models meet real videos).
with calibrated as (
    select
        category,
        (umt_score - reference_mean) / nullif(reference_deviation, 0) as z_score
    from umt_scores
    where error is null
        and umt_score is not null
)

select category, count(*) as clips, avg(z_score) as mean_z_score
from calibrated
group by category
having count(*) >= 10
    and avg(z_score) < 2
