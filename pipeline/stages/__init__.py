"""The three stages of a run: prepare the files, test the containers, run the stack."""
