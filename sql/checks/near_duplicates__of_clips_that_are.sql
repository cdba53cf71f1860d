-- One row per pair with a clip that is no longer embedded: materialise clip_index and near_duplicates again.
-- severity: warn
select near_duplicates.*
from near_duplicates
where clip_id not in (select clip_id from clip_embeddings where error is null)
    or other_clip_id not in (select clip_id from clip_embeddings where error is null)
