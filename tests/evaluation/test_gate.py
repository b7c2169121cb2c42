"""The program between the builds and the package indexes, on the loopback of the tests."""

from __future__ import annotations

import socket
import threading

import pytest

from evaluation.engine import package_proxy
from evaluation.engine.package_proxy import PackageProxy, is_inner, serve, wanted


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
def test_an_address_around_this_machine_is_known(address, inner):
    assert is_inner(address) is inner


def answered(gate, line):
    """What a gate says to one request."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        ours.settimeout(5)
        ours.sendall(line.encode() + b"\r\n\r\n")
        gate(theirs)
        return ours.recv(200).split(b"\r\n")[0].decode()


@pytest.mark.parametrize(
    "line",
    [
        "CONNECT localhost:443 HTTP/1.1",  # allowed by name, but it leads to this machine
        "CONNECT 127.0.0.1:443 HTTP/1.1",
        "CONNECT other.example:443 HTTP/1.1",
        "CONNECT localhost:22 HTTP/1.1",
        "GET http://localhost/ HTTP/1.1",
    ],
)
def test_a_name_that_leads_to_this_machine_is_refused_where_no_person_has_named_it(line, capsys):
    assert answered(PackageProxy({"localhost"}, set()), line) == "HTTP/1.1 403 not a package index"
    assert capsys.readouterr().out.startswith("REFUSED ")


def test_a_name_that_a_person_has_given_is_reached_wherever_it_leads(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(package_proxy, "PORTS", (server.getsockname()[1],))
        monkeypatch.delenv("https_proxy", raising=False)
        monkeypatch.delenv("HTTPS_PROXY", raising=False)
        line = f"CONNECT 127.0.0.1:{server.getsockname()[1]} HTTP/1.1"
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        assert answered(PackageProxy({"127.0.0.1"}, {"127.0.0.1"}), line) == "HTTP/1.1 200 connected"


def test_refusals_are_said_once_and_never_without_end(capsys, monkeypatch):
    monkeypatch.setattr(package_proxy, "MOST_REFUSALS", 3)
    gate = PackageProxy(set(), set())
    for number in (1, 1, 2, 3, 4, 5):
        answered(gate, f"CONNECT host{number}\x1b[2J:443 HTTP/1.1")
    said = capsys.readouterr().out.splitlines()
    assert said == [f"REFUSED host{number}?[2j:443" for number in (1, 2, 3)]


def test_more_connections_than_there_are_threads_wait_and_are_answered(monkeypatch):
    monkeypatch.setattr(package_proxy, "MOST", 2)
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


def test_a_request_names_the_host_that_it_is_sent_to():
    """Behind the address of a package index lie many other hosts, and the header chooses among them."""
    head = b"GET http://deb.debian.org:80/x HTTP/1.1\r\nhost: elsewhere.example\r\nAccept: */*\r\nHOST: b\r\n\r\n"
    host, port, sent = wanted(head)
    assert (host, port) == ("deb.debian.org", 80)
    assert sent == (b"GET /x HTTP/1.1\r\nHost: deb.debian.org:80\r\nAccept: */*\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("line", [b"Host : elsewhere.example", b" folded", b"\tHost: a", b"no header"])
def test_a_request_with_a_line_that_can_be_read_in_two_ways_is_not_passed_on(line):
    with pytest.raises(ValueError, match="no header is"):
        wanted(b"GET http://deb.debian.org/x HTTP/1.1\r\n" + line + b"\r\n\r\n")
