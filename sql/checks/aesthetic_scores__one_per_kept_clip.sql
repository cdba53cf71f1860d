-- One row per kept clip without an aesthetic score: subsets with a threshold on it exclude the clip.
-- severity: warn
select clips.clip_id, aesthetic_scores.error
from clips
left join aesthetic_scores using (clip_id)
where clips.rejection_reason is null
    and clips.error is null
    and aesthetic_scores.aesthetic_score is null
