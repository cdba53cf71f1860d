-- One row per clip of 16 or more frames with fewer than 4 uniform frames to score.
-- severity: warn
select
    clips.clip_id,
    any_value(clips.frame_count) as frame_count,
    count(distinct clip_frames.uniform_4) as uniform_frames
from clips
inner join clip_frames using (clip_id)
where clip_frames.error is null
    and clips.frame_count >= 16
group by clips.clip_id
having count(distinct clip_frames.uniform_4) != 4
