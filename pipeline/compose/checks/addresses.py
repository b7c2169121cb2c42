"""Check the URLs of sources: http or https, without credentials, on a public host as far as the URL itself shows.

The addresses that a host name resolves to are checked again when a bundle fetches the file.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import Policy

# Those of RFC 3986 except $ and ', which are special in shells and in files with variables.
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!&()*+,;=%-]+")
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PRIVATE_SUFFIXES = (
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa",
    "svc", "test", "example.internal", "onion",
    # Names that resolve to the loopback address.
    "localtest.me", "lvh.me", "vcap.me", "lacolhost.com",
)  # fmt: skip
# Domains whose names resolve to the address that they contain.
_WILDCARD_SUFFIXES = ("nip.io", "sslip.io", "xip.io", "traefik.me")
# Not private according to the module ipaddress: protocol assignments, 6to4 relays, site-local addresses.
_RESERVED = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_AUTHORITY = re.compile(r"[^\s/\"'<>?#]{1,300}")
_ADDRESS = re.compile(
    r"(?<![\w.-])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.])"
    r"|(?<![\w.:-])(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]|::ffff):[0-9a-f:.]{1,60}(?![\w.])",
    re.IGNORECASE,
)
_METADATA = re.compile(
    r"(?<![\d.])169\.254\.\d{1,3}\.\d{1,3}(?![\d.])|metadata\.google\.internal|(?:host|gateway)\.docker\.internal|fd00:ec2::254",
    re.IGNORECASE,
)
_PUBLIC = "Use a public host."

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def checked_url(
    text: str, path: str, policy: Policy, findings: Findings, *, is_git: bool = False
) -> str | None:
    """Return a URL that may be fetched later, or report why it is refused.

    Args:
        text: the URL.
        path: its path in the request.
        policy: the hosts that are allowed although they are not public.
        findings: collects problems.
        is_git: whether the URL is that of a git repository, which is fetched over https only.
    """
    problem = _problem_of(text, policy, is_git=is_git)
    if problem is not None:
        findings.refuse(path, *problem)
        return None
    return text


def _problem_of(text: str, policy: Policy, *, is_git: bool) -> tuple[str, str] | None:
    if not _CHARACTERS.fullmatch(text):
        return f"{shown(text)} has characters that are not allowed in a URL", "Encode them as %XX."
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return f"{shown(text)} is not a URL", "Write https://HOST/PATH."
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return (
            "a URL must not contain a user name or a password",
            "Use a URL that needs no credentials.",
        )
    host = (parts.hostname or "").rstrip(".")
    is_allowed = bool({host, f"{host}:{port}"} & policy.hosts)
    schemes = ("https",) if is_git and not is_allowed else ("https", "http")
    if parts.scheme.lower() not in schemes or not host:
        kinds = " or ".join(schemes)
        return f"{shown(text)} is not supported: only {kinds} URLs are", f"Write {schemes[0]}://HOST/PATH."
    if is_git and (parts.query or parts.fragment):
        return f"{shown(text)} has a query or a fragment", "Remove it; to select a branch, set branch."
    if port == 0:
        return "port 0 is out of range; expected 1 to 65535", "Write a port from 1 to 65535, or none."
    if is_allowed:
        return None
    if "[" in parts.netloc and ":" not in host:
        return f"{shown(parts.netloc)} is not a valid IPv6 address", _PUBLIC
    return _problem_of_host(host)


def _problem_of_host(host: str) -> tuple[str, str] | None:
    address = address_of(host)
    if address is not None:
        if is_public(address):
            return None
        return f"{shown(host)} is the private or reserved address {address}", _PUBLIC
    if _is_below(host, _PRIVATE_SUFFIXES) or _is_below(host, _WILDCARD_SUFFIXES):
        return f"{shown(host)} is a name in a private network", _PUBLIC
    is_number = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2])
    if not _NAME.fullmatch(host) or is_number or len(host) > 253:
        return f"{shown(host)} is not a fully qualified name of a public host", _PUBLIC
    return None


def address_of(host: str) -> Address | None:
    """Return the IP address of a host in any notation, such as ``127.1`` or ``0x7f000001``; None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9a-fx.]{1,60}", host, re.IGNORECASE):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_public(address: Address) -> bool:
    """Return whether an address is public; if an IPv6 address embeds an IPv4 address, the latter decides."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address.teredo:
            wrapped = address.teredo[1]
        if address in _NAT64 or int(address) >> 32 == 0:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
    if any(address in network for network in _RESERVED):
        return False
    return address.is_global and not address.is_multicast


def check_text(text: str, path: str, findings: Findings) -> None:
    """Refuse a string, such as a command, that contains a private address; loopback addresses are allowed.

    Args:
        text: the string.
        path: its path in the request.
        findings: collects problems.
    """
    found = _METADATA.search(text)
    if found:
        findings.refuse(
            path, f"{shown(found.group())} is a service of the host or of its cloud provider", "Remove it."
        )
        return
    for name in _hosts_in(text):
        if not findings.may_check_address(path):
            return
        address = address_of(name)
        is_private = address is not None and not is_public(address) and not _is_own(address)
        if is_private or _is_below(name, _WILDCARD_SUFFIXES) or _METADATA.search(name):
            findings.refuse(
                path, f"{shown(name)} is a private address", "Use the name of a container, or a public host."
            )
            return


def _hosts_in(text: str) -> Iterator[str]:
    """Yield possible addresses: the hosts of URLs, in any notation, and IP addresses in the usual notation.

    Programs convert full-width digits, other full stops and ``%31`` in the host of a URL, and so does this function.
    """
    for part in text.split("://")[1:]:
        match = _AUTHORITY.match(part)
        if match:
            authority = unicodedata.normalize("NFKC", unquote(match.group())).replace("\u3002", ".")
            host = authority.rpartition("@")[2].lower()
            yield host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    if text.count(".") > 2 or ":" in text:
        for match in _ADDRESS.finditer(text):
            yield match.group()


def _is_below(host: str, suffixes: tuple[str, ...]) -> bool:
    """Return whether a host name is one of the domains `suffixes`, or below one of them."""
    host = host.rstrip(".")
    return any(host == suffix or host.endswith(f".{suffix}") for suffix in suffixes)


def _is_own(address: Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback or (mapped or address).is_unspecified
