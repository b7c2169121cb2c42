"""The host side of the pipeline: prepares the files, tests the containers, runs the stack, keeps its output."""
