"""Other people's formats, both ways: how datasets of video clips and captions are handed around."""
