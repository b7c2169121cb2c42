"""What `doctor` checks: Python, rights, disk, line ends, `.env`, Docker, Compose and images. Standard library alone."""
