-- One row per clip excluded from the pool without a similar clip that is in the pool.
-- severity: error
select left_out.clip_id, left_out.nearest_clip_id
from semantic_pool as left_out
left join semantic_pool as nearest on nearest.clip_id = left_out.nearest_clip_id
where not left_out.is_kept
    and not coalesce(nearest.is_kept, false)
