"""Explain why a submission lost points: the faults that were diagnosed, and the failures that followed from each."""
