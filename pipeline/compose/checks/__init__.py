"""The checks of single values of a request. Each reports to `Findings` and returns the checked value, or None."""
