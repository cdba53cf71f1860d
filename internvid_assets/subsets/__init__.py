"""Subsets: each file of sql/subsets selects clips, by scores or at random."""
