"""Sends arrays of numbers over UDP as JSON; received data are parsed as numbers and never executed."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any


class UDPServer:
    """Sends arrays to all clients that have requested them.

    Args:
        ip: address to listen on.
        port: the port, a number or a string.
        buf: maximum number of bytes in a message, a number or a string.
    """

    def __init__(self, ip: str = "127.0.0.1", port: str | int = "21560", buf: str | int = "1024") -> None:
        self.buf = int(buf)
        self.clients: list[Any] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ip, int(port)))
        self.address = self._socket.getsockname()

    def addClient(self, cIP: str, cPort: str | int | None = None) -> None:
        """Add a client that receives all arrays sent from now on.

        Args:
            cIP: address of the client.
            cPort: port of the client.
        """
        client = (cIP, int(self.address[1] if cPort is None else cPort))
        if client not in self.clients:
            self.clients.append(client)

    def listen(self, timeout: float | None = None) -> Any:
        """Wait for a message and return it as an array; its sender becomes a client."""
        self._socket.settimeout(timeout)
        message, sender = self._socket.recvfrom(self.buf)
        self.addClient(*sender)
        return np.array(json.loads(message), dtype=float)

    def send(self, arrayList: Any) -> None:
        """Send an array, or a list of numbers, to all clients."""
        message = json.dumps(np.asarray(arrayList, dtype=float).tolist()).encode()
        if len(message) > self.buf:
            raise ValueError(f"the message has {len(message)} bytes; at most {self.buf} are allowed")
        for client in self.clients:
            self._socket.sendto(message, client)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class UDPClient:
    """Requests arrays from a server and receives them.

    Args:
        servIP: address of the server.
        ownIP: address to receive on.
        port: port of the server, a number or a string.
        buf: maximum number of bytes in a message, a number or a string.
    """

    def __init__(
        self,
        servIP: str = "127.0.0.1",
        ownIP: str = "127.0.0.1",
        port: str | int = "21560",
        buf: str | int = "1024",
    ) -> None:
        self.server = (servIP, int(port))
        self.ownIP = ownIP
        self.buf = int(buf)
        self.createSockets()

    def createSockets(self) -> None:
        """Open a socket and register with the server."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.ownIP, 0))
        self._socket.sendto(b"[]", self.server)

    def listen(self, arrayList: Any = None, timeout: float = 2.0) -> Any:
        """Wait for an array and return it, or return `arrayList` unchanged if none arrives in time.

        Args:
            arrayList: returned if no array arrives.
            timeout: maximum time to wait, in seconds.
        """
        self._socket.settimeout(timeout)
        try:
            return np.array(json.loads(self._socket.recv(self.buf)), dtype=float)
        except TimeoutError:
            self._socket.sendto(b"[]", self.server)
            return arrayList

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
