"""The checks of `doctor`: Python, permissions, disk, line endings, `.env`, Docker, images. Standard library alone."""
