-- One row per content hash that several videos with chosen clips share: one of them should stand for all.
-- severity: error
select clips.content_hash, count(distinct clips.video_id) as videos
from internvid_10m_div
inner join clips using (clip_id, category)
where clips.content_hash is not null
group by clips.content_hash
having count(distinct clips.video_id) > 1
