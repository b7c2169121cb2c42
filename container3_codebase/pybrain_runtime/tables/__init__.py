"""Reads rows of numbers from CSV, JSON lines and Parquet files."""
