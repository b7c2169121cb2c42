"""The network of a training container: none, or one on which the tracking server is reachable."""

from __future__ import annotations

from urllib.parse import urlsplit

from common import process

_LOCAL = ("localhost", "127.0.0.1", "::1")
_NETWORK = "ml-network"


def network_of(uri: str) -> tuple[str, str]:
    """Return the network for a container, and the address of the tracking server on it.

    Args:
        uri: the address of the server as seen from this machine; empty if there is none.

    Returns:
        ``none`` without a server; for the `mlflow` service of docker-compose.training.yml, its inner network; for
        another server on this machine, the machine's own network; otherwise the engine's default network.
    """
    if not uri:
        return "none", ""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "none", uri  # the client reports the invalid address
    if parts.scheme not in ("http", "https") or host is None:
        return "none", uri
    if host not in _LOCAL:
        return "bridge", uri
    inner = _inner_network(port or 80)
    return (inner, "http://mlflow:5000") if inner else ("host", uri)


def _inner_network(port: int) -> str:
    """Return the network of the service `mlflow` that is published on a port; empty if there is none."""
    listed = process.capture(
        ["docker", "ps", "--filter", "label=com.docker.compose.service=mlflow", "--filter", f"publish={port}",
         "--format", "{{.Networks}}"]
    )  # fmt: skip
    names = [name for line in listed.output.splitlines() for name in line.split(",")] if listed.ok else []
    return next((name for name in names if name.endswith(_NETWORK)), "")
