"""Learning from samples without wanted outputs."""
