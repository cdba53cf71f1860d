-- One row per clip whose representative does not represent itself, or is not a near-duplicate of it.
-- severity: error
with pairs as (
    select clip_id, other_clip_id from near_duplicates
    union all
    select other_clip_id, clip_id from near_duplicates
    union all
    select representative_clip_id, representative_clip_id from duplicate_groups
)

select members.*
from duplicate_groups as members
left join duplicate_groups as standing on standing.clip_id = members.representative_clip_id
where standing.representative_clip_id is distinct from standing.clip_id
    or (members.clip_id, members.representative_clip_id) not in (from pairs)
