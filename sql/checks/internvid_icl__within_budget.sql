-- One row per sequence with more text or more pictures than the budget it was cut by.
-- severity: error
select format, sequence_id, token_count, max_tokens, image_count, max_images
from internvid_icl
where token_count > max_tokens or image_count > max_images
