"""The one idea: a feature table's row is a call, and a call is remembered (docs/concepts.md)."""
