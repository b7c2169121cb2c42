"""Excel workbooks: bounded reading."""
