"""Detect requests that a web page sends to a server on the visitor's own machine or network.

A server without API keys trusts every client that can reach it. A browser can reach it on behalf of any page that its
user visits: through a form or script of another origin, or through a domain name that the page's owner has pointed at
this server ("DNS rebinding"). Both are recognized by headers that a page cannot set.
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
    """Check that a Host header is not the domain of a foreign web page.

    IP addresses, names without a dot (public domains have one), subdomains of ``localhost`` and the given names are
    accepted.

    Args:
        host: the value of the header.
        names: the names of this server, in lower case.

    Raises:
        UnknownHost: the host is none of these.
    """
    match = _HOST.fullmatch(host)
    name = match[1].decode("ascii").lower() if match else ""
    known = "." not in name or _ADDRESS.fullmatch(name) or name.endswith(".localhost") or name in names
    if not name or not known:
        raise UnknownHost(
            f"The host name {host[:80].decode('latin-1')!a} is not allowed; the administrator of this server can "
            "allow it."
        )


def check_origin(origin: bytes | None, site: bytes | None, host: bytes, origins: Collection[str]) -> None:
    """Check that a request does not come from a web page of another origin.

    To be called for requests that change or compute something.

    Args:
        origin: the Origin header; None if absent, because the client is not a web page.
        site: the Sec-Fetch-Site header; None if absent, because the client is an older browser or not a browser.
        host: the Host header.
        origins: other origins that are allowed.

    Raises:
        ForeignOrigin: the request comes from a page of another origin.
    """
    if origin is not None and origin.decode("latin-1") in origins:
        return
    own = site in (b"same-origin", b"none") if site is not None else origin is None or _is_host(origin, host)
    if not own:
        shown = (origin or b"another origin")[:80].decode("latin-1")
        raise ForeignOrigin(f"A page of {shown!a} may not send this request; its origin is not allowed.")


def check_allowed_origin(text: str) -> str:
    """Validate an origin to be allowed: scheme, host and port, in lower case, without a path.

    Raises:
        ValueError: the string is not an origin; the message shows what is expected.
    """
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f"{text[:80]!a} is not an origin; expected one such as https://app.example.org")
    return text


def _is_host(origin: bytes, host: bytes) -> bool:
    """Return whether host and port of an origin are those of a Host header.

    The scheme may be http or https: a proxy in front of the server may accept https and forward http.
    """
    scheme, _, rest = origin.partition(b"://")
    port = _PORTS.get(scheme)
    return (
        port is not None and bool(rest) and rest.lower().removesuffix(port) == host.lower().removesuffix(port)
    )
