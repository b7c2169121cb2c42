"""What a search writes: the table of trials, the best options, plots, a section of the report, the record."""
