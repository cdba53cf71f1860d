"""Speech: from a video's subtitles or, if it has none, from speech recognition; and what is said during each clip."""
