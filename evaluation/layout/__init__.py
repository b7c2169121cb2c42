"""Submission layout: the folders, files, images and services that a rubric expects, and where they were found."""
