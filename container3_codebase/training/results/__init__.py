"""What a training writes: its files, the card, plots, the report."""
