"""Pictures as input: decoded and preprocessed in a process of their own, with limits on memory and time."""
