"""The rubric format: read TOML tables, with errors that name line and key."""
