"""The prediction and its report: their columns, content, error metrics and files."""
