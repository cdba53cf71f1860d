"""internvid-assets: raw videos in, video-text datasets out."""
