"""XML of PyBrain's NetworkWriter: a reader that evaluates nothing."""
