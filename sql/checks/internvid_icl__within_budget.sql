-- One row per sequence that exceeds its token or image budget.
-- severity: error
select format, sequence_id, token_count, max_tokens, image_count, max_images
from internvid_icl
where token_count > max_tokens or image_count > max_images
