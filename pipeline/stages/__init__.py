"""The three stages: prepare the files, test the containers, run the stack."""
