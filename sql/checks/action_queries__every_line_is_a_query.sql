-- One row per line of a label file that is neither a query nor a heading.
-- severity: warn
select sources, lemma_key as told, rejection_reason
from action_queries
where rejection_reason <> 'heading'
