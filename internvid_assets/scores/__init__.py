"""Scores only; nothing is dropped here: thresholds are in sql/subsets."""
