"""How many bytes the operating system still holds for a client: a slow reader is told from one that reads nothing."""

from __future__ import annotations

import asyncio
import struct


def bytes_in_system(transport: asyncio.BaseTransport) -> int:
    """Return the bytes that were handed to the operating system, and that the client has not received.

    Args:
        transport: the transport of a connection. 0 is returned where the system does not say.
    """
    try:
        import fcntl
        import termios
    except ImportError:  # Windows
        return 0
    connection = transport.get_extra_info("socket")
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(struct.calcsize("i")))
    except (OSError, ValueError):  # it is closed
        return 0
    return int(struct.unpack("i", found)[0])
