"""Copy a submission from a folder, a zip file or a repository, within limits and without following links."""
