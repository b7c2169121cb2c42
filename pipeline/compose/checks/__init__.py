"""Check single values of a request: each check returns the value, or reports a problem to `Findings`."""
