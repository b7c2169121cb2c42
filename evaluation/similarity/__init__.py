"""Compare the submissions of a class: same model, same program after renaming, same discussion. Only a hint."""
