-- One row per sequence with a missing or blank text, or a clip without frames.
-- severity: error
select format, sequence_id
from internvid_icl
where len(list_filter(items, lambda item: item.kind != 'clip' and coalesce(trim(item.text), '') = '')) > 0
    or len(list_filter(items, lambda item: item.kind = 'clip' and coalesce(len(item.frame_hashes), 0) = 0)) > 0
