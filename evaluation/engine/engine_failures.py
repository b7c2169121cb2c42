"""Recognize failures of the container engine itself, by the messages of its client."""

from __future__ import annotations

import re

_OF_ENGINE = re.compile(
    r"Cannot connect to the Docker daemon|error during connect|[Nn]o space left on device|context canceled|"
    r"connection reset by peer|transport is closing|i/o timeout|TLS handshake timeout|no such host|dial tcp|"
    r"toomanyrequests|failed to register layer|unexpected EOF|Service Unavailable|[Nn]o such image: app07eval|"
    r"pull access denied for app07eval|layer does not exist|identifier does not exist"
)


def is_of_engine(message: str) -> bool:
    """Return whether the engine itself is the reason for a failure, and not the request.

    Args:
        message: the output of the engine's client, without any output of containers.
    """
    return bool(_OF_ENGINE.search(message))
