"""Present the findings of `inspect`: as text, and as values for JSON."""
