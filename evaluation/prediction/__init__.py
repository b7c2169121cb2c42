"""The expected prediction, the observed one, and whether it changes with replaced rows and networks."""
