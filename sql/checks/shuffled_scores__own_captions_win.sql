-- One row per category in which a clip's own caption hardly ever beats another clip's: captions went to the wrong clips.
-- severity: warn
-- With 10 pairs or more, the own caption wins 8 times of 10 where the model knows what it sees, and half of the
-- time where captions were mixed up, or where the sample profile's models meet real videos.
select
    category,
    count(*) as pairs,
    count(*) filter (where own_score > shuffled_score) as wins
from shuffled_scores
where error is null
group by category
having pairs >= 10
    and wins < 0.65 * pairs
