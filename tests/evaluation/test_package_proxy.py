"""The proxy between builds and package indexes, on the loopback interface."""

from __future__ import annotations

import socket
import threading

import pytest

from evaluation.engine import package_proxy
from evaluation.engine.package_proxy import PackageProxy, is_private, parse_request, serve


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.17.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::7f00:1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("151.101.0.223", False),
        ("64:ff9b::9765:df", False),
        ("2a04:4e42::223", False),
    ],
)
def test_private_addresses_are_recognised(address, inner):
    assert is_private(address) is inner


def answered(proxy, line):
    """Return the status line of the proxy for one request."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        ours.settimeout(5)
        ours.sendall(line.encode() + b"\r\n\r\n")
        proxy(theirs)
        return ours.recv(200).split(b"\r\n")[0].decode()


@pytest.mark.parametrize(
    "line",
    [
        "CONNECT localhost:443 HTTP/1.1",  # allowed by name, but resolves to this machine
        "CONNECT 127.0.0.1:443 HTTP/1.1",
        "CONNECT other.example:443 HTTP/1.1",
        "CONNECT localhost:22 HTTP/1.1",
        "GET http://localhost/ HTTP/1.1",
    ],
)
def test_a_host_with_a_private_address_is_refused_unless_the_user_named_it(line, capsys):
    assert answered(PackageProxy({"localhost"}, set()), line) == "HTTP/1.1 403 not a package index"
    assert capsys.readouterr().out.startswith("REFUSED ")


def test_a_host_that_the_user_named_may_have_a_private_address(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(package_proxy, "PORTS", (server.getsockname()[1],))
        monkeypatch.delenv("https_proxy", raising=False)
        monkeypatch.delenv("HTTPS_PROXY", raising=False)
        line = f"CONNECT 127.0.0.1:{server.getsockname()[1]} HTTP/1.1"
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        assert answered(PackageProxy({"127.0.0.1"}, {"127.0.0.1"}), line) == "HTTP/1.1 200 connected"


def test_refused_hosts_are_printed_once_and_up_to_a_limit(capsys, monkeypatch):
    monkeypatch.setattr(package_proxy, "MOST_REFUSALS", 3)
    proxy = PackageProxy(set(), set())
    for number in (1, 1, 2, 3, 4, 5):
        answered(proxy, f"CONNECT host{number}\x1b[2J:443 HTTP/1.1")
    printed = capsys.readouterr().out.splitlines()
    assert printed == [f"REFUSED host{number}?[2j:443" for number in (1, 2, 3)]


def test_connections_beyond_the_limit_wait_and_are_handled(monkeypatch):
    monkeypatch.setattr(package_proxy, "MOST_CONNECTIONS", 2)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        place = server.getsockname()
        threading.Thread(target=serve, args=(server, lambda client: client.recv(1)), daemon=True).start()
        held = [socket.create_connection(place, 5) for _ in range(20)]
        for one in held:
            one.close()
        with socket.create_connection(place, 5) as last:
            last.sendall(b"x")
            last.settimeout(5)
            assert last.recv(1) == b""


def test_the_host_header_names_the_host_of_the_url():
    """Many hosts share the address of a package index; the header selects one of them."""
    head = b"GET http://deb.debian.org:80/x HTTP/1.1\r\nhost: elsewhere.example\r\nAccept: */*\r\nHOST: b\r\n\r\n"
    host, port, sent = parse_request(head)
    assert (host, port) == ("deb.debian.org", 80)
    assert sent == (b"GET /x HTTP/1.1\r\nHost: deb.debian.org:80\r\nAccept: */*\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("line", [b"Host : elsewhere.example", b" folded", b"\tHost: a", b"no header"])
def test_an_ambiguous_header_line_is_rejected(line):
    with pytest.raises(ValueError, match="is not a header"):
        parse_request(b"GET http://deb.debian.org/x HTTP/1.1\r\n" + line + b"\r\n\r\n")


def test_an_unreachable_allowed_host_is_printed_and_gets_an_immediate_response(monkeypatch, capsys):
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(package_proxy, "PORTS", (port,))
    proxy = PackageProxy({"127.0.0.1"}, {"127.0.0.1"})
    for _ in range(2):
        assert answered(proxy, f"CONNECT 127.0.0.1:{port} HTTP/1.1") == (
            "HTTP/1.1 502 the host cannot be reached"
        )
    assert capsys.readouterr().out == f"UNREACHABLE 127.0.0.1:{port} Connection refused\n"
