"""The addresses that files may be fetched from: public ones, and those of hosts allowed by the administrator."""

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
# The last label of a name must not be a number: `inet_aton` reads 127.1, 0x7f.1 and 2130706433 as addresses.
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# The assigned part of the IPv6 Internet, and the ranges in it that embed or translate other addresses (Teredo, ORCHID,
# 6to4 and others) or are reserved for documentation.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "3ffe::/16"))
)
# Some versions of Python do not consider these private: 6to4 relays, benchmarks, and protocol assignments.
_SPECIAL_IPV4 = tuple(
    map(ipaddress.IPv4Network, ("192.88.99.0/24", "198.18.0.0/15", "192.0.0.0/24", "100.64.0.0/10"))
)


class AddressRefused(ValueError):
    """The error for a host or an address that nothing may be fetched from."""


class SourceHost(NamedTuple):
    """A host that files may be fetched from, even if its address is not public.

    Attributes:
        name: the host name or address, in lower case.
        port: the port; None for all ports.
    """

    name: str
    port: int | None = None


def parse_source_host(text: str) -> SourceHost:
    """Parse a host such as ``files.example.org`` or ``localhost:8080``.

    Raises:
        ValueError: the string is not a valid host.
    """
    match = _SOURCE_HOST.fullmatch(text)
    if match is None or (match[2] and not 1 <= int(match[2]) <= 65535):
        raise ValueError(
            f"{text[:80]!a} is not a host; expected one such as files.example.org or localhost:8080"
        )
    return SourceHost(check_host(match[1].strip("[]")), int(match[2]) if match[2] else None)


def check_host(host: str) -> str:
    """Return a host in normalized form: a name in lower case, or an address in the usual notation.

    Args:
        host: a name, or an address without brackets.

    Raises:
        AddressRefused: the host is neither a name nor an address in the usual notation.
    """
    try:
        return str(
            ipaddress.ip_address(host)
        )  # a zone (fe80::1%eth0) has characters that are refused in URLs
    except ValueError:
        pass
    if len(host) > 253 or not _NAME.fullmatch(host) or _NUMERIC.fullmatch(host.rpartition(".")[2]):
        raise AddressRefused("its host is neither a domain name nor an IP address in the usual notation")
    return host.lower()


def check_port(scheme: str, host: str, port: int, named: Collection[SourceHost]) -> None:
    """Check that a port is 80, 443, or one that the administrator has allowed.

    Args:
        scheme: ``http`` or ``https``.
        host: the host, as `check_host` returns it.
        port: the port.
        named: the hosts allowed by the administrator.

    Raises:
        AddressRefused: the port is not allowed.
    """
    if port not in _PORTS.values() and not is_named(host, port, named):
        raise AddressRefused(f"port {port} is not allowed; expected {_PORTS[scheme]}")


def is_named(host: str, port: int, named: Collection[SourceHost]) -> bool:
    """Return whether the administrator has allowed a host.

    Args:
        host: the host, as `check_host` returns it.
        port: the port.
        named: the hosts allowed by the administrator.
    """
    return SourceHost(host, port) in named or SourceHost(host) in named


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the public Internet, not to this machine, its network or its provider."""
    if isinstance(address, ipaddress.IPv4Address):
        special = any(address in network for network in _SPECIAL_IPV4)
        return address.is_global and not address.is_multicast and not address.is_reserved and not special
    return address in _GLOBAL_IPV6 and not any(address in network for network in _SPECIAL_IPV6)


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host, looked up by the system resolver.

    Args:
        host: the name or address of the host.
        port: the port to connect to.

    Raises:
        OSError: the host has no address.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def checked_addresses(
    host: str, port: int, named: Collection[SourceHost], resolve: Resolve = resolve_host
) -> list[str]:
    """Return the addresses of a host, which are the only ones to connect to.

    Args:
        host: the host, as `check_host` returns it.
        port: the port.
        named: the hosts allowed by the administrator, which may have any address.
        resolve: the function that looks up the addresses.

    Raises:
        AddressRefused: the host has no address, or one that is not public. The message is the same for both, so that it
            does not reveal the names of a private network.
    """
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if is_named(host, port, named):
        if not addresses:
            raise AddressRefused("its host has no address")
    elif not addresses or not all(map(_is_public_text, addresses)):
        raise AddressRefused("its host has no address of the public Internet, or also has private ones")
    return addresses


def _is_public_text(address: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(address))
    except ValueError:  # an address with a zone
        return False
