"""Tools around networks and data sets; import what you need from the files."""
