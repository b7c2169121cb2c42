"""The evidence collected for one submission: each fact is computed once, on demand."""
