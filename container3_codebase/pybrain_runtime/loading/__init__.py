"""From the bytes of a knowledge file to the description of a network; nothing in the file is executed."""
