"""The archive that is handed in: its checklist, its contents, and whether its results are up to date."""
