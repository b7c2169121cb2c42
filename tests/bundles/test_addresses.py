"""Hosts and addresses that files may be fetched from; all others are refused in any notation."""

from __future__ import annotations

import ipaddress

import pytest

from pipeline.bundles.addresses import (
    AddressRefused,
    SourceHost,
    checked_addresses,
    is_public,
    parse_source_host,
)
from pipeline.bundles.errors import SourceRefused
from pipeline.bundles.urls import parse_url, shown_url

LONGEST = 2048


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.9", "169.254.169.254", "172.16.0.1"),
        *(
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
        ),
        *("203.0.113.5", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
        ),
        *("100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
    ],
)
def test_a_special_address_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ftp://example.org/x",
            "gopher://example.org/",
            "//example.org/x",
            "example.org",
            "",
        ),
        *(
            "http:/example.org",
            "http:example.org",
            "http://",
            "http://?x",
            "https:///etc/passwd",
            "http://exa mple.org/",
        ),
        *(
            "http://user@example.org/",
            "http://user:word@example.org/",
            "http://1.1.1.1@example.org/",
            "http://@x.org/",
        ),
        *(
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
        ),
        *(
            "http://1.2.3.4.5/",
            "http://1.2.3/",
            "http://01.02.03.04/",
            "http://[fe80::1%25eth0]/",
            "http://[::1/",
        ),
        *("http://[::1]x/", "http://example.org:0/", "http://example.org:99999/", "http://example.org:22/"),
        *(
            "http://example.org:6379/",
            "http://example.org\\@evil.example/",
            "http://example.org\n/",
            "http://ex%61mple.org/",
        ),
        *(
            "http://\u0435xample.org/",
            "http://example\u3002org/",
            "http://\uff11\uff10.0.0.1/",
            "http://-x.org/",
            "http://x..org/",
        ),
        *(
            "http://example.org./",
            "http://x.org:80:80/",
            "https://example.org/\x00",
            "javascript://x.org/%0a",
            "http://x.0x1/",
        ),
        "http://example.org/" + "a" * LONGEST,
    ],
)
def test_anything_but_a_plain_http_url_is_refused(url: str) -> None:
    with pytest.raises(SourceRefused):
        parse_url(url, (), longest=LONGEST)


def test_a_url_is_normalized() -> None:
    found = parse_url("HTTPS://Example.ORG/a/b.csv?x=1&y=%20#part", (), longest=LONGEST)
    assert found == ("https", "example.org", 443, "/a/b.csv?x=1&y=%20")
    assert str(parse_url("http://[2606:4700::1]:80?q", (), longest=LONGEST)) == "http://[2606:4700::1]/?q"
    assert str(parse_url("http://localhost:99/x", {SourceHost("localhost", 99)}, longest=LONGEST)).endswith(
        ":99/x"
    )


def test_every_address_of_a_host_must_be_public() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return {"good.example": ["1.1.1.1"], "mixed.example": ["1.1.1.1", "10.0.0.1"]}[host]

    assert checked_addresses("good.example", 80, (), resolve) == ["1.1.1.1"]
    with pytest.raises(AddressRefused, match="no address of the public Internet"):
        checked_addresses("mixed.example", 80, (), resolve)
    assert checked_addresses("mixed.example", 80, {SourceHost("mixed.example")}, resolve)
    with pytest.raises(AddressRefused):
        checked_addresses("mixed.example", 80, {SourceHost("mixed.example", 81)}, resolve)
    with pytest.raises(AddressRefused):
        checked_addresses("x.example", 80, (), lambda host, port: ["fe80::1%eth0"])
    with pytest.raises(AddressRefused, match="no address"):
        checked_addresses("x.example", 80, (), lambda host, port: [])


def test_an_allowed_host_may_be_limited_to_a_port() -> None:
    assert parse_source_host("Files.Example.org") == ("files.example.org", None)
    assert parse_source_host("localhost:8080") == ("localhost", 8080)
    assert parse_source_host("[::1]:80") == ("::1", 80)
    for text in ("", "http://x.org", "x.org/path", "x:y", "x:0", "x:70000", "*.x.org", "127.1", "a b", "@x"):
        with pytest.raises(ValueError, match="host"):
            parse_source_host(text)


def test_messages_show_no_secret_of_a_url() -> None:
    assert shown_url("https://me:secret@example.org/a?token=secret#secret") == "https://example.org/a"
    assert "secret" not in shown_url("me:secret@example.org") and "\x1b" not in shown_url("http://x/\x1b[2J")
    with pytest.raises(SourceRefused) as caught:
        parse_url("ftp://me:secret@example.org/a?token=secret", (), longest=LONGEST)
    assert "secret" not in str(caught.value)
