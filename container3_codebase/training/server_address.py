"""Check the address of an MLflow server before training starts; passwords are never shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from training.errors import OptionError

_OPTION = "tracking_uri"
_PROXIED = re.compile(r"mlflow-artifacts:(?:///|/)[^/?#\\][^?#\\]*")
"""The scheme of an artifact location without a host: the server itself receives the files."""


def check_address(address: str) -> None:
    """Check that an address is a valid server URL.

    Args:
        address: the URL.

    Raises:
        OptionError: the URL is not valid, or contains a password, which would end up in logs.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OptionError(
            "tracking_uri is not a valid server URL.", hint="Use http://HOST:PORT.", option=_OPTION
        ) from None
    if "@" in parts.netloc:
        raise OptionError(
            "tracking_uri contains a user name or password.",
            hint="Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead.",
            option=_OPTION,
        )
    if parts.query or parts.fragment:
        raise OptionError(
            "tracking_uri has a part after ? or #, which would be shown.",
            hint="Use http://HOST:PORT, and set a token in MLFLOW_TRACKING_TOKEN.",
            option=_OPTION,
        )
    if parts.scheme not in ("http", "https"):
        found = f", not {parts.scheme}:" if parts.scheme.isalnum() and "@" not in address else ""
        raise OptionError(
            f"tracking_uri must begin with http:// or https://{found}.",
            hint="Use http://HOST:PORT.",
            option=_OPTION,
        )
    if not host or port == 0 or not address.isprintable() or " " in address.strip():
        raise OptionError("tracking_uri has no host.", hint="Use http://HOST:PORT.", option=_OPTION)


def takes_files_itself(location: str) -> bool:
    """Return whether a server stores artifacts itself, rather than at another host, scheme or local path.

    Args:
        location: the artifact location reported by the server.
    """
    return (
        _PROXIED.fullmatch(location) is not None
        and location.isprintable()
        and ".." not in location.split("/")
    )
