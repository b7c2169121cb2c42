"""Takes a submission in: folders, zip files and repositories are copied within limits, and links are not followed."""
