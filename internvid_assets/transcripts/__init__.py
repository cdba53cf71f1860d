"""What is said: in a video's subtitles or, where it has none, as speech recognition hears it; and during each clip."""
