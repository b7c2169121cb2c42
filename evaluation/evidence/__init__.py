"""What is known of one submission: each fact is computed once, on demand."""
