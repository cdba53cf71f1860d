"""Subsets: every file of sql/subsets chooses clips by scores and by chance."""
