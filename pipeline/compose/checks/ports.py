"""Check ports: those exposed to other containers, and those published on the host."""

from __future__ import annotations

import re

from pipeline.compose.findings import Findings, shown
from pipeline.compose.stack import Port

_PORT = re.compile(
    r"(?:(?:(?P<address>[0-9.]{7,15}):)?(?P<host>[0-9]{1,5}):)?(?P<container>[0-9]{1,5})(?:/(?P<protocol>tcp|udp))?"
)
_ADDRESSES = {"127.0.0.1": "127.0.0.1", "0.0.0.0": ""}


def checked_port(value: int | str, path: str, findings: Findings) -> Port | None:
    """Return a port, or report why it is refused.

    Args:
        value: ``8000`` to expose a port to other containers, ``8080:8000`` to publish it on the host.
        path: its path in the request.
        findings: collects problems.
    """
    match = _PORT.fullmatch(str(value)) if not isinstance(value, bool) else None
    if match is None:
        findings.refuse(
            path,
            f"{shown(str(value))} is not a valid port",
            "Write 8000, or 8080:8000 to publish it on the host.",
        )
        return None
    numbers = [int(match[name]) for name in ("host", "container") if match[name]]
    if not all(1 <= number <= 65535 for number in numbers):
        findings.refuse(
            path,
            f"{shown(str(value))} is not a port from 1 to 65535",
            "Write a port such as 8000.",
        )
        return None
    address = match["address"] or ""
    if address and address not in _ADDRESSES:
        findings.refuse(
            path,
            f"{shown(address)} is an address of a specific host",
            "Omit the address, or write 127.0.0.1.",
        )
        return None
    host = int(match["host"]) if match["host"] else None
    return Port(int(match["container"]), host, _ADDRESSES.get(address, ""), match["protocol"] or "tcp")
