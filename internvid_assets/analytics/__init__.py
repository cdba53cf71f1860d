"""Analytics: marts from SQL files, the dataset card and report, and the warehouse for any DuckDB client."""
