"""Close a connection whose client is still sending, so that it can read the response."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Receiving(Protocol):
    """A request whose body is being received.

    Attributes:
        more_body: whether there is more to come.
    """

    more_body: bool


class LingeringTransport:
    """A transport for responses.

    The operating system resets a connection that is closed with data unread, and a client that is still sending then
    sees an error instead of the response. Therefore only the sending direction is closed while the body of the request
    is incomplete; what still arrives is dropped. The timer of idle connections ends it.

    Args:
        transport: the transport of the connection.

    Attributes:
        cycle: the request that is answered.
        lingers: whether what arrives is dropped.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.cycle: Receiving | None = None
        self.lingers = False

    def close(self) -> None:
        """Close the connection, or its sending direction."""
        if self.cycle is None or not self.cycle.more_body or self.lingers or self.is_closing():
            self._transport.close()
        else:
            self.lingers = True
            self._transport.write_eof()
