-- One row per sequence whose counts do not match its items.
-- severity: error
select format, sequence_id, clip_count, image_count
from internvid_icl
where clip_count != len(list_filter(items, lambda item: item.kind = 'clip'))
    or image_count != coalesce(list_sum(list_transform(items, lambda item: len(item.frame_hashes))), 0)
