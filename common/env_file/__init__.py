"""Read and edit the file `.env` beside docker-compose.yml, in the way that both versions of Compose read it."""
