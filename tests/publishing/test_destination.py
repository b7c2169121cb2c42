"""The name of a registry is validated before it is used."""

from __future__ import annotations

import pytest

from common.errors import UsageError
from pipeline.publishing.destination import Destination, check_tag


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("localhost:5000/course", "localhost:5000", "course"),
        ("localhost/course", "localhost", "course"),
        ("registry.example.org/course/2026-winter", "registry.example.org", "course/2026-winter"),
        ("Registry.Example.org:443/a__b.c/d", "Registry.Example.org:443", "a__b.c/d"),
        ("127.0.0.1:5000/x", "127.0.0.1:5000", "x"),
        ("[::1]:5000/x", "[::1]:5000", "x"),
        ("docker.io/user", "docker.io", "user"),
        ("build:5000/user", "build:5000", "user"),
    ],
)
def test_a_host_and_a_path_are_parsed(text: str, host: str, path: str) -> None:
    destination = Destination.parse(text)
    assert (destination.host, destination.path, str(destination)) == (host, path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://registry.example.org/course", "has a scheme"),
        ("oci://registry.example.org/course", "has a scheme"),
        ("registry.example.org", "has no name after the host"),
        ("registry.example.org/", "has no name after the host"),
        ("/course", "does not start with a host name"),
        ("course/images", "has no host: docker reads 'course' as a user of Docker Hub"),
        ("registry.example.org/course:1.0", "ends with a tag"),
        ("registry.example.org/Course", "'Course' is not a repository name"),
        ("registry.example.org/a//b", "is not a repository name"),
        ("registry.example.org/../b", "is not a repository name"),
        ("registry.example.org/a b", "is not a repository name"),
        ("registry.example.org/a?b=c", "is not a repository name"),
        ("registry.example.org/a\n", "is not a repository name"),
        ("registry.example.org:0/a", "has an invalid port"),
        ("registry.example.org:99999/a", "has an invalid port"),
        ("--password=x/a", "does not start with a host name"),
        ("$HOST/a", "does not start with a host name"),
        ("régistre.example.org/a", "does not start with a host name"),
        ("registry.example.org/" + "a" * 300, "has more than 200 characters"),
        ("", "has no name after the host"),
    ],
)
def test_an_invalid_destination_is_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        Destination.parse(text)
    assert message in refused.value.message
    assert len(refused.value.message) < 250


@pytest.mark.parametrize(
    "text", ["user:secret@registry.example.org/a", "https://token:secret@h.example/a", "h/a@sha256:0"]
)
def test_credentials_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="neither credentials nor a digest") as refused:
        Destination.parse(text)
    assert "secret" not in str(refused.value) + refused.value.hint
    assert "docker login" in refused.value.hint


@pytest.mark.parametrize("tag", ["1.0", "latest", "_x", "v1.0-rc.1", "A" * 100])
def test_a_valid_tag_is_accepted(tag: str) -> None:
    assert check_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", ".1", "-x", "a b", "a:b", "a/b", "a@b", "ä", "1.0\n", "A" * 101, "$TAG"])
def test_an_invalid_tag_is_refused(tag: str) -> None:
    with pytest.raises(UsageError, match="is not a valid tag"):
        check_tag(tag)
