"""Parquet: bounded reading and writing."""
