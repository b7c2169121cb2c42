"""The expected prediction, the observed one, and whether it follows other rows and another network."""
