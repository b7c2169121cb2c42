"""The health check of the image: ``python -S -I ready.py`` exits with status 0 if ``/readyz`` returns 200.

It imports only what sockets need, because it runs every few seconds.
"""

import os
import socket
import sys


def is_ready(port: int, seconds: float) -> bool:
    """Return whether the server on a port of this machine is ready.

    Args:
        port: the port of the server.
        seconds: time limit for connecting and for each read.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_ready(int(os.environ.get("SERVE_PORT", "8000")), 4.0) else 1)
