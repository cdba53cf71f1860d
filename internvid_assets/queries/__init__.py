"""What to search for, and which videos are known already."""
