-- One row per category in which a clip's own caption rarely beats another clip's: captions are mixed up.
-- severity: warn
-- The own caption wins all of 151 pairs in the sample world, and half of them if captions are mixed up or the
-- sample profile's models score real videos. Fewer than 10 pairs are too noisy.
select
    category,
    count(*) as pairs,
    count(*) filter (where own_score > shuffled_score) as wins
from shuffled_scores
where error is null
group by category
having pairs >= 10
    and wins < 0.65 * pairs
