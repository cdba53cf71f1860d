-- One row per query with capitals, doubled or outer spaces, or no words: its equal would stand beside it.
-- severity: error
select lemma_key, language, query
from action_queries
where rejection_reason is null
    and not coalesce(query = trim(lower(query)) and query <> '' and not contains(query, '  '), false)
