"""Images as input, decoded and preprocessed in a separate process with limits on memory and time."""
