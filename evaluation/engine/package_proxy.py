"""Runs inside two containers of our own: hands the steps of a build on to the package indexes, and to nothing else.

``relay`` runs in the network that the steps share: it has a loopback and no other interface, so that this program is
all that can be reached in it. It passes bytes on to a unix socket on a volume. ``gate`` runs on the other side of
that socket, in a network with a way out. It is spoken to as an HTTP proxy, because pip, apt and git do so where
`http_proxy` and `https_proxy` say so. Which hosts are package indexes is not written down here: it is what pip and
apt of the base image are set up with, plus ALLOWED_HOSTS.

Standard library alone; it is handed to `python -c`, and prints a line for every host that it refused.
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

PORT = 3128
PORTS = (80, 443)
LONGEST_HEAD = 64 * 1024
PATIENCE = 60.0
# A request must be there by then, however slowly it comes.
HEAD_SECONDS = 30.0
# Connections at a time, each with a thread; further ones wait in line.
MOST = 64
# Lines that are printed; a step could ask for a new host a million times.
MOST_REFUSALS = 200
PLACE = "/gate"
# Networks of a machine, a house or a provider: a name in the public that leads there was not meant for it.
INNER = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/127", "64:ff9b:1::/48", "2002::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
# Addresses of the older kind, written as the newer one by a translator on the way.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def package_hosts() -> tuple[set[str], set[str]]:
    """The hosts that pip and apt of this image install from; and those that a person has named, wherever they lie."""
    named = set(os.environ.get("ALLOWED_HOSTS", "").lower().split()) | hosts_in("/etc/pip.conf")
    usual = hosts_in("/etc/apt/sources.list")
    for path in glob.glob("/etc/apt/sources.list.d/*"):  # noqa: PTH207
        usual |= hosts_in(path)
    try:
        from pip._internal.models.index import PyPI

        usual |= {PyPI.netloc, PyPI.file_storage_domain}
    except ImportError:
        pass
    return usual | named, named


def hosts_in(path: str) -> set[str]:
    """The hosts of the URLs in a file of settings."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            text = "\n".join(line for line in file if not line.lstrip().startswith("#"))
    except OSError:
        return set()
    return {host.lower() for host in re.findall(r"https?://(?:[^@/\s]*@)?([\w.-]+)", text)}


def head_of(client: socket.socket) -> bytes:
    """The request up to its blank line; empty where there is none."""
    head, deadline = b"", time.monotonic() + HEAD_SECONDS
    while b"\r\n\r\n" not in head:
        piece = client.recv(4096)
        if not piece or len(head) > LONGEST_HEAD or time.monotonic() > deadline:
            return b""
        head += piece
    return head


def wanted(head: bytes) -> tuple[str, int, bytes]:
    """Host, port, and what to send there before anything else."""
    top, _, body = head.partition(b"\r\n\r\n")
    line, *entries = top.split(b"\r\n")
    method, target, version = line.decode("ascii", "replace").split(" ", 2)
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host.strip("[]").lower(), int(port), b""
    found = re.match(r"http://([^/:]+)(?::(\d+))?(/.*)?$", target)
    if not found:
        raise ValueError(target)
    # One request for each connection: the next one may be for another host.
    if not all(re.match(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:", entry) for entry in entries):
        raise ValueError("a line that no header is")
    # The host that is reached is the one that was asked for: many names lie behind one address of a large provider.
    kept = [
        entry for entry in entries
        if not re.match(rb"((proxy-)?connection|host):", entry, re.IGNORECASE)
    ]  # fmt: skip
    port = found.group(2)
    kept.insert(0, f"Host: {found.group(1)}{':' + port if port else ''}".encode("ascii", "replace"))
    path = found.group(3) or "/"
    first = f"{method} {path} {version}".encode("ascii", "replace")
    sent = b"\r\n".join([first, *kept, b"Connection: close", b"", body])
    return found.group(1).lower(), int(found.group(2) or 80), sent


def is_inner(address: str) -> bool:
    """Whether an address belongs to this machine or to a network around it."""
    plain = ipaddress.ip_address(address.partition("%")[0])
    if plain.version == 6 and (plain.ipv4_mapped or plain in TRANSLATED):
        plain = ipaddress.ip_address(int(plain) & 0xFFFFFFFF)
    return any(plain in network for network in INNER if network.version == plain.version)


def addresses(host: str, port: int) -> list[str]:
    """Where a name leads; asked once, so that what was looked at is what is reached."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def reach(host: str, port: int, *, named: bool) -> socket.socket:
    """A connection to an allowed host; by way of this machine's own proxy where it has one.

    Raises:
        PermissionError: the name leads into a network around this machine, and no person has named it.
    """
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
    found = re.match(r"http://(?:[^@/]*@)?([^/:]+):(\d+)", proxy)
    if found:
        upstream = socket.create_connection((found.group(1), int(found.group(2))), PATIENCE)
        upstream.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        if b" 200" not in head_of(upstream)[:20]:
            raise OSError("the proxy of this machine refused")
        return upstream
    error: OSError = OSError("no address")
    for address in addresses(host, port):
        if not named and is_inner(address):
            raise PermissionError(address)
        try:
            return socket.create_connection((address, port), PATIENCE / 4)
        except OSError as failed:
            error = failed
    raise error


def hand_on(client: socket.socket, server: socket.socket) -> None:
    """Carries bytes both ways until one side has no more, or neither says anything for a while."""
    other = {client: server, server: client}
    for side in other:
        side.settimeout(PATIENCE)
    while True:
        ready, _, _ = select.select(list(other), [], [], PATIENCE)
        if not ready:
            return
        for side in ready:
            piece = side.recv(65536)
            if not piece:
                return
            other[side].sendall(piece)


class PackageProxy:
    """Answers connections as a proxy does.

    Args:
        allowed: the hosts that it leads to.
        named: those of them that may lie anywhere.
    """

    def __init__(self, allowed: set[str], named: set[str]) -> None:
        self.allowed = allowed
        self.named = named
        self._said: set[str] = set()

    def __call__(self, client: socket.socket) -> None:
        head = head_of(client)
        if not head:
            return
        host, port, first = wanted(head)
        if host not in self.allowed or port not in PORTS:
            self.refuse(client, host, port)
            return
        try:
            server = reach(host, port, named=host in self.named)
        except PermissionError:
            self.refuse(client, host, port)
            return
        with server:
            if first:
                server.sendall(first)
            else:
                client.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
            hand_on(client, server)

    def refuse(self, client: socket.socket, host: str, port: int) -> None:
        """Says no, and notes it once."""
        plain = re.sub(r"[^\w.:\[\]-]", "?", host)[:253]
        if plain not in self._said and len(self._said) < MOST_REFUSALS:
            self._said.add(plain)
            print(f"REFUSED {plain}:{port}", flush=True)
        client.sendall(b"HTTP/1.1 403 not a package index\r\nConnection: close\r\n\r\n")


def relayed(client: socket.socket) -> None:
    """Passes a connection on to the gate."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gate:
        gate.settimeout(PATIENCE)
        gate.connect(f"{PLACE}/socket")
        hand_on(client, gate)


def serve(listening: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    """Answers connections for ever, a bounded number at a time."""
    free = threading.BoundedSemaphore(MOST)

    def one(client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(PATIENCE)
                answer(client)
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
            threading.Thread(target=one, args=(client,), daemon=True).start()
        except RuntimeError:  # no thread to be had
            client.close()
            free.release()


def main() -> None:
    if sys.argv[1:] == ["relay"]:
        with socket.create_server(("127.0.0.1", PORT), backlog=128) as listening:
            print("READY", flush=True)
            serve(listening, relayed)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{PLACE}/socket")  # noqa: PTH108  (it was started again)
        listening.bind(f"{PLACE}/socket")
        listening.listen(128)
        allowed, named = package_hosts()
        print("ALLOWED " + " ".join(sorted(allowed)), flush=True)
        serve(listening, PackageProxy(allowed, named))


if __name__ == "__main__":
    main()
