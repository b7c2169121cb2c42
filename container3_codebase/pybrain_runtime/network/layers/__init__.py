"""The kinds of layers: one entry each, with everything that is specific to the kind."""
