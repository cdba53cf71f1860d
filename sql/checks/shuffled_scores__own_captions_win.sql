-- One row per category in which a clip's own caption hardly ever beats another's: captions were mixed up.
-- severity: warn
-- The own caption wins all of 151 pairs in the sample world, and half of them where captions were mixed up,
-- or where the sample profile's models meet real videos. Of fewer than 10 pairs, chance tells too much.
select
    category,
    count(*) as pairs,
    count(*) filter (where own_score > shuffled_score) as wins
from shuffled_scores
where error is null
group by category
having pairs >= 10
    and wins < 0.65 * pairs
