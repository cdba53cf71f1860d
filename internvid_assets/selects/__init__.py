"""Every file of sql/ becomes a table or a check, with its lineage read from the SQL."""
