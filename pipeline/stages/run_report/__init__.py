"""report.html of a run: the network, the prediction, plots, the course of the run, on one page."""
