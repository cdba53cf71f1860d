"""Analytics: SQL files become tables and checks; the warehouse shows all of it to any DuckDB client."""
