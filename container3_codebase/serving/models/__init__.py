"""The served models: find their files, load them, and reload files that change."""
