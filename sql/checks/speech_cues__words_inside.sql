-- One row per cue whose words exceed its time span, lack times, or do not add up to its text.
-- severity: error
select video_id, cue, text, start_seconds, end_seconds
from speech_cues
where error is null
    and (
        list_min(word_starts_seconds) < start_seconds - 0.001
        or list_max(word_ends_seconds) > end_seconds + 0.001
        or len(words) != len(word_starts_seconds)
        or len(words) != len(word_ends_seconds)
        or trim(list_aggregate(words, 'string_agg', '')) != text
    )
