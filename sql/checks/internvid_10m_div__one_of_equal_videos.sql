-- One row per content hash of several videos with selected clips: only one of them should be used.
-- severity: error
select clips.content_hash, count(distinct clips.video_id) as videos
from internvid_10m_div
inner join clips using (clip_id, category)
where clips.content_hash is not null
group by clips.content_hash
having count(distinct clips.video_id) > 1
