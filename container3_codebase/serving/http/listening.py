"""A listening socket that takes no new connections while those that were made before are still accepted.

The operating system makes connections by itself, and resets those that no program has accepted when the last program
closes the socket: a client that is connected already would lose its request. On Linux, a filter on the socket drops
the packets that ask for a new connection; such a client tries again after a second and is then refused.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress

# From <asm-generic/socket.h>; the module socket does not have it.
_SO_ATTACH_FILTER = 26
# In the language of Berkeley Packet Filters, on packets from their TCP header on: accept nothing that has the flag SYN
# and not ACK (RFC 9293, section 3.1). A statement is its code, the two distances of a jump, and a constant.
_NO_NEW = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x54, 0, 0, 0x12),  # of these, SYN and ACK
    (0x15, 0, 1, 0x02),  # is it SYN alone?
    (0x06, 0, 0, 0),  # drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # take all of it
)


def refuse_new(listening: socket.socket) -> None:
    """Let the operating system make no further connections; where it cannot be told, make few.

    Args:
        listening: the socket, of this process or shared by several.
    """
    listening.listen(0)
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in _NO_NEW))
        described = struct.pack("@HP", len(_NO_NEW), ctypes.addressof(program))
        with suppress(OSError):
            listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)
