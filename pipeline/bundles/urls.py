"""Parse the URLs of sources, strictly, because several programs parse them again."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from pipeline.bundles.addresses import AddressRefused, SourceHost, check_host, check_port
from pipeline.bundles.errors import SourceRefused

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<user>[^/?#]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\[\]]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][^#]*)?(?P<fragment>#.*)?",
    re.IGNORECASE,
)
_CHARACTERS = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~#]*")
_PORTS = {"http": 80, "https": 443}


class SourceUrl(NamedTuple):
    """A checked URL.

    Attributes:
        scheme: ``http`` or ``https``.
        host: the host, without brackets.
        port: the port.
        target: the path and the query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host and the port, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(
    text: str, named: Collection[SourceHost], *, longest: int, schemes: Collection[str] = ("http", "https")
) -> SourceUrl:
    """Parse and check a URL.

    Args:
        text: the URL.
        named: hosts that may have any port.
        longest: the maximum number of characters.
        schemes: the allowed schemes.

    Raises:
        SourceRefused: the URL is not valid or not allowed.
    """
    if len(text) > longest:
        raise SourceRefused(f"The URL has more than {longest} characters.")
    shown = shown_url(text)
    match = _URL.fullmatch(text) if _CHARACTERS.fullmatch(text) else None
    if match is None or match["scheme"].lower() not in schemes:
        raise SourceRefused(
            f"{shown} is not an {' or '.join(schemes)} URL.",
            url=text,
            hint="Encode non-ASCII characters as %XX, or as xn--... in a host name.",
        )
    if match["user"] is not None:
        raise SourceRefused(
            f"{shown} contains a user name or a password.",
            url=text,
            hint="Use a URL that needs no credentials.",
        )
    scheme = match["scheme"].lower()
    port = int(match["port"] or _PORTS[scheme])
    try:
        host = check_host(match["host"].strip("[]"))
        if not 1 <= port <= 65535:
            raise AddressRefused(f"port {port} is out of range; expected 1 to 65535")
        check_port(scheme, host, port, named)
    except AddressRefused as error:
        raise SourceRefused(f"{shown} cannot be fetched: {error}.", url=text) from None
    target = match["target"] or "/"
    return SourceUrl(scheme, host, port, target if target.startswith("/") else f"/{target}")


def shown_url(text: str) -> str:
    """Return a URL for messages and logs: shortened, without credentials and query, which may contain secrets."""
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    authority, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    plain = f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
    return ascii(plain[:200])[1:-1] + ("..." if len(plain) > 200 else "")
