"""What `pipeline` and `evaluation` share: paths, errors, processes, files, the console, Docker's command line."""
