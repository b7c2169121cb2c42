"""The results of a training run: files, card, plots and report."""
