"""Addresses that files are fetched from: those of the public Internet, and hosts that the administrator has named."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from typing import NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

_PORTS = {"http": 80, "https": 443}
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_SOURCE_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
# What the last label of a name must not be: `inet_aton` reads 127.1, 0x7f.1 and 2130706433 as addresses.
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# All of the IPv6 Internet that is assigned, and what in it holds or translates other addresses: Teredo, ORCHID and the
# like, documentation, and 6to4.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "3ffe::/16"))
)
# Not all versions of Python have these among the private ones: relays of 6to4, benchmarks, and protocol assignments.
_SPECIAL_IPV4 = tuple(
    map(ipaddress.IPv4Network, ("192.88.99.0/24", "198.18.0.0/15", "192.0.0.0/24", "100.64.0.0/10"))
)


class AddressRefused(ValueError):
    """A host or an address that nothing is fetched from; the message says why."""


class SourceHost(NamedTuple):
    """A host that files may be fetched from, whatever its address is.

    Attributes:
        name: its name or address, in lower case.
        port: its port; None for every port.
    """

    name: str
    port: int | None = None


def parse_source_host(text: str) -> SourceHost:
    """Return the host that a text such as ``files.example.org`` or ``localhost:8080`` names.

    Raises:
        ValueError: it names none.
    """
    match = _SOURCE_HOST.fullmatch(text)
    if match is None or (match[2] and not 1 <= int(match[2]) <= 65535):
        raise ValueError(
            f"{text[:80]!a} is not a host; expected one such as files.example.org or localhost:8080"
        )
    return SourceHost(check_host(match[1].strip("[]")), int(match[2]) if match[2] else None)


def check_host(host: str) -> str:
    """Return a host as it is compared: a name in lower case, or an address in its usual form.

    Args:
        host: a name, or an address without brackets.

    Raises:
        AddressRefused: it is neither.
    """
    try:
        return str(ipaddress.ip_address(host))  # a zone (fe80::1%eth0) has characters that no URL here has
    except ValueError:
        pass
    if len(host) > 253 or not _NAME.fullmatch(host) or _NUMERIC.fullmatch(host.rpartition(".")[2]):
        raise AddressRefused("its host is neither a domain name nor an address in the usual form")
    return host.lower()


def check_port(scheme: str, host: str, port: int, named: Collection[SourceHost]) -> None:
    """Check that a port is one of the Web, or one that the administrator has named.

    Raises:
        AddressRefused: it is neither.
    """
    if port not in _PORTS.values() and not is_named(host, port, named):
        raise AddressRefused(f"port {port} is not allowed; expected {_PORTS[scheme]}")


def is_named(host: str, port: int, named: Collection[SourceHost]) -> bool:
    """Return whether the administrator has named a host.

    Args:
        host: the host, as `check_host` returns it.
        port: its port.
        named: the named hosts.
    """
    return SourceHost(host, port) in named or SourceHost(host) in named


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public Internet: not to this machine, its network or its provider."""
    if isinstance(address, ipaddress.IPv4Address):
        special = any(address in network for network in _SPECIAL_IPV4)
        return address.is_global and not address.is_multicast and not address.is_reserved and not special
    return address in _GLOBAL_IPV6 and not any(address in network for network in _SPECIAL_IPV6)


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host, by the resolver of the system.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def checked_addresses(
    host: str, port: int, named: Collection[SourceHost], resolve: Resolve = resolve_host
) -> list[str]:
    """Return the addresses of a host, to connect to one of them and to nothing else.

    Args:
        host: the host, as `check_host` returns it.
        port: its port.
        named: hosts that may have any address.
        resolve: looks names up.

    Raises:
        AddressRefused: it has no address, or one that is not public. The message is the same for both, so that it does
            not tell which names a private network has.
    """
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if is_named(host, port, named):
        if not addresses:
            raise AddressRefused("its host has no address")
    elif not addresses or not all(map(_is_public_text, addresses)):
        raise AddressRefused("its host has no address of the public Internet, or others as well")
    return addresses


def _is_public_text(address: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(address))
    except ValueError:  # an address with a zone
        return False
