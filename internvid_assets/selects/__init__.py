"""Each file of sql/ becomes a table or a check; its dependencies are read from the SQL."""
