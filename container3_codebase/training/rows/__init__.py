"""Convert a table to numbers: columns, targets, split and scaling."""
