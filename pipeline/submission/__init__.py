"""The submission archive: its checklist, its contents, and whether its results are up to date."""
