"""Writes predictions as CSV, JSON lines or Parquet, and measures their error."""
