-- One row per sequence with a repeated video, a wrong number of videos, or a video without items.
-- severity: error
select format, sequence_id, video_ids
from internvid_icl
where len(video_ids) != if(format = 'paired', 2, 1)
    or len(video_ids) != len(list_distinct(video_ids))
    or list_sort(video_ids) != list_sort(list_distinct(list_transform(items, lambda item: item.video_id)))
