"""Sessions: the recurrent state of a network between requests."""
