"""From a table to numbers: columns, targets, the split, scaling."""
