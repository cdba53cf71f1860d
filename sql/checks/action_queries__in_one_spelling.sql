-- One row per query with capitals, double or outer spaces, or no words: it could be listed twice.
-- severity: error
select lemma_key, language, query
from action_queries
where rejection_reason is null
    and not coalesce(query = trim(lower(query)) and query <> '' and not contains(query, '  '), false)
