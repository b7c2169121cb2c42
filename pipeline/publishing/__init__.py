"""Publish the images of the project to a registry: build, push, verify, and write SBOMs and reports."""
