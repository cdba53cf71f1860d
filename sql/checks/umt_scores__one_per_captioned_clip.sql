-- One row per captioned clip without a UMT-SIM: subsets that rank by it exclude the clip.
-- severity: warn
select fused_captions.clip_id, umt_scores.error
from fused_captions
left join umt_scores using (clip_id)
where fused_captions.caption is not null
    and umt_scores.umt_score is null
