"""Things that can be copied, randomized and mutated: what optimizers work on. Import from the files."""
