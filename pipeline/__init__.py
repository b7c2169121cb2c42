"""The host side: prepares the files, tests the containers, runs the stack, keeps its output."""
