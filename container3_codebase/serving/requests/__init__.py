"""Parse request bodies into rows, and encode outputs as response bodies."""
