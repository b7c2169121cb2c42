"""The predictions that a network and its rows may mean: which columns are inputs, and how they are scaled."""
