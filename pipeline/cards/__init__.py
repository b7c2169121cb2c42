"""Model cards: written from the rows of a network, and found beside another copy of it."""
