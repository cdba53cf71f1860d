-- One row per query and configured language with neither a source nor a translation, not even a failed one.
-- severity: error
with wanted as (
    select lemma_key, unnest(missing_languages) as language
    from action_queries
)

select wanted.lemma_key, wanted.language
from wanted
anti join query_translations using (lemma_key, language)
