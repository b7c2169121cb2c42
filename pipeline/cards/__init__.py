"""Model cards: written from the rows of a network, or found beside another copy of the network."""
