"""The unix socket of the engine that the client uses, if it uses one."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from evaluation.quotas import MIB

_DEFAULT_SOCKET = "/var/run/docker.sock"
_LARGEST_CONFIGURATION = MIB


def socket_path(variables: Mapping[str, str]) -> str:
    """Return the unix socket of the engine that the client uses; empty if it connects in another way.

    Args:
        variables: the environment variables.
    """
    if not hasattr(socket, "AF_UNIX"):
        return ""
    if host := variables.get("DOCKER_HOST", ""):
        path = host.removeprefix("unix://")
        return path if host.startswith("unix:///") else ""
    context = variables.get("DOCKER_CONTEXT") or _configured_context(variables)
    return _DEFAULT_SOCKET if context == "default" else ""


def _configured_context(variables: Mapping[str, str]) -> str:
    """Return the context that the user has chosen; empty if unknown."""
    try:
        folder = Path(variables.get("DOCKER_CONFIG") or Path.home() / ".docker")
        with (folder / "config.json").open("rb") as file:
            configuration = json.loads(file.read(_LARGEST_CONFIGURATION))
    except FileNotFoundError:
        return "default"
    except (OSError, RuntimeError, ValueError):
        return ""
    return str(configuration.get("currentContext") or "default") if isinstance(configuration, dict) else ""
