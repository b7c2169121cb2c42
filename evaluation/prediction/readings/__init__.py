"""The possible readings of a network and its rows: which columns are inputs, and how they are scaled."""
