"""Import and export: the formats in which video-caption datasets are published."""
