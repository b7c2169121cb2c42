"""The layout of a submission: what a rubric says of its folders, files, images and services, and where they are."""
