"""Runs inside a container of our own: hands the steps of a build on to the package indexes, and to nothing else.

A step of a build can reach this container and no other address. It speaks to it as to an HTTP proxy, because
pip, apt and git do so where `http_proxy` and `https_proxy` say so. Which hosts are package indexes is not
written down here: it is what pip and apt of the base image are set up with, plus ALLOWED_HOSTS.

Standard library alone; it is handed to `python -c`, and prints a line for every host that it refused.
"""

from __future__ import annotations

import glob
import os
import re
import select
import socket
import threading

PORT = 3128
PORTS = (80, 443)
LONGEST_HEAD = 64 * 1024
PATIENCE = 60.0


def package_hosts() -> set[str]:
    """The hosts that pip and apt of this image install from."""
    settings = ["/etc/pip.conf", "/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]  # noqa: PTH207
    text = ""
    for path in settings:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                text += "\n".join(line for line in file if not line.lstrip().startswith("#"))
        except OSError:
            continue
    hosts = set(re.findall(r"https?://([\w.-]+)", text))
    try:
        from pip._internal.models.index import PyPI

        hosts |= {PyPI.netloc, PyPI.file_storage_domain}
    except ImportError:
        pass
    return hosts | set(os.environ.get("ALLOWED_HOSTS", "").split())


def head_of(client: socket.socket) -> bytes:
    """The request up to its blank line; empty where there is none."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(4096)
        if not piece or len(head) > LONGEST_HEAD:
            return b""
        head += piece
    return head


def wanted(head: bytes) -> tuple[str, int, bytes]:
    """Host, port, and what to send there before anything else."""
    line, _, rest = head.partition(b"\r\n")
    method, target, version = line.decode("ascii", "replace").split(" ", 2)
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host.strip("[]").lower(), int(port), b""
    found = re.match(r"http://([^/:]+)(?::(\d+))?(/.*)?$", target)
    if not found:
        raise ValueError(target)
    # One request for each connection: the next one may be for another host.
    kept = [
        entry for entry in rest.split(b"\r\n\r\n")[0].split(b"\r\n")
        if entry and not re.match(rb"(proxy-)?connection:", entry, re.IGNORECASE)
    ]  # fmt: skip
    body = rest.split(b"\r\n\r\n", 1)[1]
    path = found.group(3) or "/"
    first = f"{method} {path} {version}".encode("ascii", "replace")
    sent = b"\r\n".join([first, *kept, b"Connection: close", b"", body])
    return found.group(1).lower(), int(found.group(2) or 80), sent


def reach(host: str, port: int) -> socket.socket:
    """A connection to an allowed host; by way of this machine's own proxy where it has one."""
    proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
    found = re.match(r"http://(?:[^@/]*@)?([^/:]+):(\d+)", proxy)
    if not found:
        return socket.create_connection((host, port), PATIENCE)
    upstream = socket.create_connection((found.group(1), int(found.group(2))), PATIENCE)
    upstream.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    if b" 200" not in head_of(upstream)[:20]:
        raise OSError("the proxy of this machine refused")
    return upstream


def hand_on(client: socket.socket, server: socket.socket) -> None:
    """Carries bytes both ways until one side has no more, or neither says anything for a while."""
    other = {client: server, server: client}
    while True:
        ready, _, _ = select.select(list(other), [], [], PATIENCE)
        if not ready:
            return
        for side in ready:
            piece = side.recv(65536)
            if not piece:
                return
            other[side].sendall(piece)


def serve(client: socket.socket, allowed: set[str]) -> None:
    """Answers one connection."""
    with client:
        client.settimeout(PATIENCE)
        try:
            head = head_of(client)
            if not head:
                return
            host, port, first = wanted(head)
            if host not in allowed or port not in PORTS:
                print(f"REFUSED {host}:{port}", flush=True)
                client.sendall(b"HTTP/1.1 403 not a package index\r\nConnection: close\r\n\r\n")
                return
            with reach(host, port) as server:
                if first:
                    server.sendall(first)
                else:
                    client.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
                hand_on(client, server)
        except (OSError, ValueError):
            return


def main() -> None:
    allowed = package_hosts()
    print("ALLOWED " + " ".join(sorted(allowed)), flush=True)
    with socket.create_server(("", PORT), backlog=64) as server:
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, allowed), daemon=True).start()


if __name__ == "__main__":
    main()
