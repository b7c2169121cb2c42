"""report.html of a run: the network, the prediction, plots and the timeline of the run, on one page."""
