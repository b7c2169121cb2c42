"""The format of rubrics: TOML tables whose errors name line and key."""
