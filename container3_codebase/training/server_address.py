"""The address of an MLflow server: checked before training starts, and never shown with a password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from training.errors import OptionError

_OPTION = "tracking_uri"
_PROXIED = re.compile(r"mlflow-artifacts:(?:///|/)[^/?#\\][^?#\\]*")
"""A location without a host: the files go to the address of the server."""


def check_address(address: str) -> None:
    """Check that an address can be that of a server.

    Args:
        address: the URL.

    Raises:
        OptionError: it cannot, or it contains a password, which would end up in logs.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OptionError(
            "tracking_uri is no URL of a server.", hint="Expected http://HOST:PORT.", option=_OPTION
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
            hint="Expected http://HOST:PORT. A token is taken from MLFLOW_TRACKING_TOKEN.",
            option=_OPTION,
        )
    if parts.scheme not in ("http", "https"):
        found = f", not {parts.scheme}:" if parts.scheme.isalnum() and "@" not in address else ""
        raise OptionError(
            f"tracking_uri must begin with http:// or https://{found}.",
            hint="Expected http://HOST:PORT.",
            option=_OPTION,
        )
    if not host or port == 0 or not address.isprintable() or " " in address.strip():
        raise OptionError("tracking_uri names no host.", hint="Expected http://HOST:PORT.", option=_OPTION)


def takes_files_itself(location: str) -> bool:
    """Return whether a server takes the files of a run itself; any other host, scheme or local path is none of its own.

    Args:
        location: the artifact location, as the server says it.
    """
    return (
        _PROXIED.fullmatch(location) is not None
        and location.isprintable()
        and ".." not in location.split("/")
    )
