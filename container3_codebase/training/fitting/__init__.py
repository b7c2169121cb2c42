"""The network and the loop that trains it: layers, epochs, checkpoints."""
