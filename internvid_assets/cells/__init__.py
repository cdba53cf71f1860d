"""The central idea: a row of a feature table is a call, and calls are stored (docs/concepts.md)."""
