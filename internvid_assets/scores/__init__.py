"""Scores only; nothing is dropped here: thresholds live in sql/subsets."""
