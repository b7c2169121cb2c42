"""Publish the images of the project: names in a registry, builds, pushes and their verification, SBOMs, reports."""
