"""The number of unsent bytes in the operating system, to distinguish a slow client from one that does not read."""

from __future__ import annotations

import asyncio
import struct


def bytes_in_system(transport: asyncio.BaseTransport) -> int:
    """Return the number of bytes that the operating system has not yet delivered; 0 if unknown.

    Args:
        transport: the transport of a connection.
    """
    try:
        import fcntl
        import termios
    except ImportError:  # Windows
        return 0
    connection = transport.get_extra_info("socket")
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(struct.calcsize("i")))
    except (OSError, ValueError):  # the socket is closed
        return 0
    return int(struct.unpack("i", found)[0])
