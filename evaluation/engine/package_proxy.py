"""An HTTP proxy that connects the steps of a build to the package indexes only.

The program runs in two containers. ``relay`` runs in the network namespace that the steps share. That namespace has a
loopback interface only, so this program is all that can be reached in it. It passes bytes to a unix socket on a
volume. ``proxy`` listens on that socket, in a network with internet access. pip, apt and git use it as their HTTP
proxy because of `http_proxy` and `https_proxy`. The package indexes are not listed here: they are the hosts that pip
and apt of the base image are configured with, plus ALLOWED_HOSTS.

Requests for its own address are served by a package index, which keeps package files: see `package_index`.

The program uses the standard library only, because it is passed to `python -c`, with the modules that it imports. It
prints a line for every host that it refused, for every allowed host that it could not reach, and for every file that it
stored or served from its cache.
"""

from __future__ import annotations

import contextlib
import glob
import ipaddress
import os
import re
import select
import socket
import sys
import threading
import time
from collections.abc import Callable

from evaluation.engine.package_cache import PackageCache
from evaluation.engine.package_index import (
    PackageIndex,
    parse_index_request,
    print_lines,
    settings_of_pip,
)

PORT = 3128
PORTS = (80, 443)
LONGEST_HEAD = 64 * 1024
PATIENCE = 60.0
# Time limit for a whole request, however slowly it arrives.
HEAD_SECONDS = 30.0
# Maximum number of concurrent connections, each with a thread; further ones wait.
MOST_CONNECTIONS = 64
# Maximum number of lines that are printed; a step could request a million hosts.
MOST_REFUSALS = 200
SOCKET_FOLDER = "/proxy"
# The mount point of the package volume: a new volume gets the mode of this folder, which is world-writable.
CACHE_FOLDER = "/tmp"
# Timeout in seconds for connecting to the index: pip waits for 15 s, and can then continue without this index.
INDEX_PATIENCE = 12.0
# Networks of a machine, a site or a provider; a public name must not resolve to an address in them.
PRIVATE_NETWORKS = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/127", "64:ff9b:1::/48", "2002::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
# IPv4 addresses that a NAT64 gateway has translated to IPv6.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def package_hosts() -> tuple[set[str], set[str]]:
    """Return the allowed hosts: those that pip and apt use in this image, and those that the user named.

    Returns:
        All allowed hosts, and those of them that the user named, which may resolve to private addresses.
    """
    named = set(os.environ.get("ALLOWED_HOSTS", "").lower().split()) | hosts_in("/etc/pip.conf")
    hosts = hosts_in("/etc/apt/sources.list")
    for path in glob.glob("/etc/apt/sources.list.d/*"):  # noqa: PTH207
        hosts |= hosts_in(path)
    try:
        from pip._internal.models.index import PyPI

        hosts |= {PyPI.netloc, PyPI.file_storage_domain}
    except ImportError:
        pass
    return hosts | named, named


def hosts_in(path: str) -> set[str]:
    """Return the hosts of the URLs in a configuration file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            text = "\n".join(line for line in file if not line.lstrip().startswith("#"))
    except OSError:
        return set()
    return {host.lower() for host in re.findall(r"https?://(?:[^@/\s]*@)?([\w.-]+)", text)}


def read_head(client: socket.socket) -> bytes:
    """Read a request up to its blank line; empty if there is none."""
    head, deadline = b"", time.monotonic() + HEAD_SECONDS
    while b"\r\n\r\n" not in head:
        chunk = client.recv(4096)
        if not chunk or len(head) > LONGEST_HEAD or time.monotonic() > deadline:
            return b""
        head += chunk
    return head


def parse_request(head: bytes) -> tuple[str, int, bytes]:
    """Parse a request to a proxy.

    Args:
        head: the request line and the headers.

    Returns:
        The host, the port, and the bytes to send there first.

    Raises:
        ValueError: the request is malformed or ambiguous.
    """
    top, _, body = head.partition(b"\r\n\r\n")
    line, *entries = top.split(b"\r\n")
    method, target, version = line.decode("ascii", "replace").split(" ", 2)
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host.strip("[]").lower(), int(port), b""
    match = re.match(r"http://([^/:]+)(?::(\d+))?(/.*)?$", target)
    if not match:
        raise ValueError(target)
    # One request per connection: the next one may be for another host.
    if not all(re.match(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:", entry) for entry in entries):
        raise ValueError("a line is not a header")
    # The Host header names the host of the URL: many names share one address at a large provider.
    headers = [
        entry for entry in entries
        if not re.match(rb"((proxy-)?connection|host):", entry, re.IGNORECASE)
    ]  # fmt: skip
    port = match.group(2)
    headers.insert(0, f"Host: {match.group(1)}{':' + port if port else ''}".encode("ascii", "replace"))
    path = match.group(3) or "/"
    first = f"{method} {path} {version}".encode("ascii", "replace")
    first_bytes = b"\r\n".join([first, *headers, b"Connection: close", b"", body])
    return match.group(1).lower(), int(match.group(2) or 80), first_bytes


def is_private(address: str) -> bool:
    """Return whether an address belongs to this machine or to a private network around it."""
    plain = ipaddress.ip_address(address.partition("%")[0])
    if plain.version == 6 and (plain.ipv4_mapped or plain in TRANSLATED):
        plain = ipaddress.ip_address(int(plain) & 0xFFFFFFFF)
    return any(plain in network for network in PRIVATE_NETWORKS if network.version == plain.version)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, resolved only once, so that the checked address is the one that is used.

    Args:
        host: the name of the host.
        port: the port.
    """
    results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(result[4][0]) for result in results))


def connect(host: str, port: int, *, named: bool, patience: float = PATIENCE) -> socket.socket:
    """Connect to an allowed host, through this machine's own proxy if it has one.

    Args:
        host: the host.
        port: the port.
        named: whether the user named the host: then it may resolve to a private address.
        patience: timeout in seconds for the machine's proxy; a quarter of it for each address.

    Raises:
        PermissionError: the host resolves to a private address, and the user did not name it.
    """
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
    match = re.match(r"http://(?:[^@/]*@)?([^/:]+):(\d+)", proxy)
    if match:
        upstream = socket.create_connection((match.group(1), int(match.group(2))), patience)
        upstream.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        if b" 200" not in read_head(upstream)[:20]:
            raise OSError("the proxy of this machine refused")
        return upstream
    error: OSError = OSError("no address")
    for address in resolve(host, port):
        if not named and is_private(address):
            raise PermissionError(address)
        try:
            return socket.create_connection((address, port), patience / 4)
        except OSError as failed:
            error = failed
    raise error


def relay_bytes(client: socket.socket, server: socket.socket) -> None:
    """Pass bytes in both directions until one side closes the connection, or both are silent for a while.

    Args:
        client: the connection of the client.
        server: the connection of the server.
    """
    peer = {client: server, server: client}
    for connection in peer:
        connection.settimeout(PATIENCE)
    while True:
        ready, _, _ = select.select(list(peer), [], [], PATIENCE)
        if not ready:
            return
        for connection in ready:
            chunk = connection.recv(65536)
            if not chunk:
                return
            peer[connection].sendall(chunk)


class PackageProxy:
    """Handles connections to the proxy.

    Args:
        allowed: the hosts that it connects to.
        named: those of them that may resolve to private addresses.
        index: serves requests for the address of this proxy; None to refuse them.
    """

    def __init__(self, allowed: set[str], named: set[str], index: PackageIndex | None = None) -> None:
        self.allowed = allowed
        self.named = named
        self.index = index
        self._printed: set[tuple[str, str]] = set()

    def __call__(self, client: socket.socket) -> None:
        """Handle one connection."""
        head = read_head(client)
        if not head:
            return
        if self.index is not None and (request := parse_index_request(head, PORT)) is not None:
            if not self.index.settings.url:
                self._print("UNREACHABLE", "index-of-pip", "its configuration names no http or https URL")
            self.index(client, *request)
            return
        host, port, first = parse_request(head)
        if host not in self.allowed or port not in PORTS:
            self.refuse(client, host, port)
            return
        try:
            server = connect(host, port, named=host in self.named)
        except PermissionError:
            self.refuse(client, host, port)
            return
        except OSError as error:
            self._print("UNREACHABLE", host, f"{port} {error.strerror or type(error).__name__}")
            client.sendall(b"HTTP/1.1 502 the host cannot be reached\r\nConnection: close\r\n\r\n")
            return
        with server:
            if first:
                server.sendall(first)
            else:
                client.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
            relay_bytes(client, server)

    def refuse(self, client: socket.socket, host: str, port: int) -> None:
        """Refuse a request, and print the host once.

        Args:
            client: the connection.
            host: the requested host.
            port: the requested port.
        """
        self._print("REFUSED", host, str(port))
        client.sendall(b"HTTP/1.1 403 not a package index\r\nConnection: close\r\n\r\n")

    def _print(self, word: str, host: str, rest: str) -> None:
        """Print what happened with a host, once for each of a limited number of hosts."""
        plain = re.sub(r"[^\w.:\[\]-]", "?", host)[:253]
        if (word, plain) not in self._printed and len(self._printed) < MOST_REFUSALS:
            self._printed.add((word, plain))
            print(f"{word} {plain}:{rest}", flush=True)


def package_index(allowed: set[str], named: set[str]) -> PackageIndex:
    """Return the package index of this proxy. It connects to the allowed hosts only.

    Args:
        allowed: the hosts that it connects to.
        named: those of them that may resolve to private addresses.
    """

    def connect_allowed(host: str, port: int) -> socket.socket:
        if host.lower() not in allowed or port not in PORTS:
            raise PermissionError(host)
        return connect(host, port, named=host.lower() in named, patience=INDEX_PATIENCE)

    cache = PackageCache(CACHE_FOLDER, print_lines("STORED"))
    return PackageIndex(settings_of_pip(), connect_allowed, cache, print_lines("SHARED"))


def relay(client: socket.socket) -> None:
    """Relay a connection to the proxy."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as proxy:
        proxy.settimeout(PATIENCE)
        proxy.connect(f"{SOCKET_FOLDER}/socket")
        relay_bytes(client, proxy)


def serve(listening: socket.socket, handle: Callable[[socket.socket], None]) -> None:
    """Handle connections forever, a limited number at a time.

    Args:
        listening: the listening socket.
        handle: called with each connection, in a thread.
    """
    free = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def handle_one(client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(PATIENCE)
                handle(client)
        except (OSError, ValueError):
            return
        finally:
            free.release()

    while True:
        free.acquire()
        try:
            client, _ = listening.accept()
        except OSError:
            free.release()
            time.sleep(0.05)
            continue
        try:
            threading.Thread(target=handle_one, args=(client,), daemon=True).start()
        except RuntimeError:  # no thread available
            client.close()
            free.release()


def main() -> None:
    """Run the relay or the proxy."""
    if sys.argv[1:] == ["relay"]:
        with socket.create_server(("127.0.0.1", PORT), backlog=128) as listening:
            print("READY", flush=True)
            serve(listening, relay)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{SOCKET_FOLDER}/socket")  # noqa: PTH108  (left by an earlier start)
        listening.bind(f"{SOCKET_FOLDER}/socket")
        listening.listen(128)
        allowed, named = package_hosts()
        print("ALLOWED " + " ".join(sorted(allowed)), flush=True)
        serve(listening, PackageProxy(allowed, named, package_index(allowed, named)))


if __name__ == "__main__":
    main()
