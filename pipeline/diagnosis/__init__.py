"""The checks of `doctor`: Python, permissions, disk, line endings, `.env`, Docker, images.

Uses only the standard library.
"""
