"""What is sent and what comes back, without input and output: both clients share it."""
