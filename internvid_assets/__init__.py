"""internvid-assets: raw videos in, video-text datasets and the models trained on them out."""
