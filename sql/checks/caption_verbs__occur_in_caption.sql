-- One row per verb that is not a lower-case word of its caption.
-- severity: warn
with listed as (
    select clip_id, unnest(verbs) as verb
    from caption_verbs
)

select listed.clip_id, listed.verb, fused_captions.caption
from listed
left join fused_captions using (clip_id)
where not coalesce(contains(lower(fused_captions.caption), listed.verb), false)
