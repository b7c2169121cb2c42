"""The served networks: their files, the loaded versions, and the swap when a file changes."""
