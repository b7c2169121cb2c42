"""Stop new connections to a listening socket while established ones are still accepted.

The operating system establishes connections on its own, and resets those that no program has accepted when the last
program closes the socket: a client that is already connected would lose its request. On Linux, a socket filter drops
the packets that request a new connection; the client retries after a second and is then refused.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress

# From <asm-generic/socket.h>; Python's socket module does not define it.
_SO_ATTACH_FILTER = 26
# A Berkeley packet filter on the TCP header: drop packets with the flag SYN but not ACK (RFC 9293, section 3.1).
# An instruction consists of a code, the two jump offsets, and a constant.
_NO_NEW = (
    (0x30, 0, 0, 13),  # load the flags byte
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # is only SYN set?
    (0x06, 0, 0, 0),  # drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # accept the packet
)


def refuse_new(listening: socket.socket) -> None:
    """Stop the operating system from establishing new connections; where it cannot be stopped, limit their number.

    Args:
        listening: the listening socket, possibly shared by several processes.
    """
    listening.listen(0)
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in _NO_NEW))
        described = struct.pack("@HP", len(_NO_NEW), ctypes.addressof(program))
        with suppress(OSError):
            listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)
