"""Where a checkout is, and how a new one is laid out from what the wheel holds. Standard library alone."""
