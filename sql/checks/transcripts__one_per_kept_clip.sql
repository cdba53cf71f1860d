-- One row per kept clip without a row in transcripts, not even a failed one.
-- severity: error
select clips.clip_id
from clips
anti join transcripts using (clip_id)
where clips.rejection_reason is null
    and clips.error is null
