"""Create a network and train it: layers, epochs, checkpoints."""
