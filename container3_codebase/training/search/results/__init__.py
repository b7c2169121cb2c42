"""The results of a search: table of trials, best options, plots, a section of the report, and the record."""
