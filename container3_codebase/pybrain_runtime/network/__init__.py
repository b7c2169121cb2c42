"""What a network is: its description, its layers, its model card, and the names a file may refer to."""
