"""The file `.env` beside docker-compose.yml: read as both generations of Compose do, and changed with care."""
