"""What to search for, and which videos are already known."""
