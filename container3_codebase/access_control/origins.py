"""Requests that a web page makes against a server on the visitor's own machine or network.

A server without API keys trusts whoever can reach it. A browser can reach it, too, on behalf of any page that its
user visits: by a form or script of another origin, or by a domain name that the page's owner lets point to this
server ("DNS rebinding"). Both are recognized by headers that a page cannot set.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from access_control.errors import ForeignOrigin, UnknownHost

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(:[0-9]{1,5})?")
_ADDRESS = re.compile(r"\[.*\]|[0-9]{1,3}(\.[0-9]{1,3}){3}")
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:[0-9]{1,5})?")
_PORTS = {b"http": b":80", b"https": b":443"}


def check_host(host: bytes, names: Collection[str]) -> None:
    """Check that a Host header cannot be the domain of a foreign web page.

    Accepted are addresses, names without a dot (which no public domain has), names below ``localhost``, and the
    stated names.

    Args:
        host: the header.
        names: names of this server, in lower case.

    Raises:
        UnknownHost: it is none of these.
    """
    match = _HOST.fullmatch(host)
    name = match[1].decode("ascii").lower() if match else ""
    known = "." not in name or _ADDRESS.fullmatch(name) or name.endswith(".localhost") or name in names
    if not name or not known:
        raise UnknownHost(
            f"This server does not answer for the host {host[:80].decode('latin-1')!a}; its administrator can "
            "allow the name."
        )


def check_origin(origin: bytes | None, site: bytes | None, host: bytes, origins: Collection[str]) -> None:
    """Check that a request which changes or computes something does not come from a page of another origin.

    Args:
        origin: the header Origin; None where there is none: the client is not a web page.
        site: the header Sec-Fetch-Site; None where there is none: an older browser, or none.
        host: the header Host.
        origins: further origins that are allowed.

    Raises:
        ForeignOrigin: it does.
    """
    if origin is not None and origin.decode("latin-1") in origins:
        return
    own = site in (b"same-origin", b"none") if site is not None else origin is None or _is_host(origin, host)
    if not own:
        shown = (origin or b"another origin")[:80].decode("latin-1")
        raise ForeignOrigin(f"A page of {shown!a} may not send this request; its origin is not allowed.")


def check_allowed_origin(text: str) -> str:
    """Return an origin that may be allowed: scheme, host and port, in lower case, without a path.

    Raises:
        ValueError: it is none; the message says what is expected.
    """
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f"{text[:80]!a} is not an origin; expected one such as https://app.example.org")
    return text


def _is_host(origin: bytes, host: bytes) -> bool:
    """Return whether host and port of an origin are those of a Host header.

    The scheme may be either of HTTP: a proxy in front of the server may take https, and send http.
    """
    scheme, _, rest = origin.partition(b"://")
    port = _PORTS.get(scheme)
    return (
        port is not None and bool(rest) and rest.lower().removesuffix(port) == host.lower().removesuffix(port)
    )
