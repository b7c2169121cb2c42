"""The names of images, and the allow-list: official images that are used without asking."""

from __future__ import annotations

import re

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]+)?")
# The official images that the task is built on.
ALLOWED_IMAGES = ("busybox", "alpine", "python", "debian", "ubuntu", "scratch")


def plain_name(image: str) -> str:
    """Return the name of an official image without registry and library: ``python:3.11-slim``."""
    return image.removeprefix("docker.io/").removeprefix("library/")


def is_allowed(image: str, further: tuple[str, ...] = ()) -> bool:
    """Return whether an image may be used without asking.

    Args:
        image: the name in a Dockerfile or a compose file.
        further: further images that the user has allowed, with or without a tag.
    """
    if not _IMAGE.fullmatch(image):
        return False
    plain = plain_name(image)
    name = plain.partition("@")[0].rpartition("/")[2].partition(":")[0]
    official = "/" not in plain and name in ALLOWED_IMAGES
    return official or any(
        plain in (allowed, plain_name(allowed)) or _untagged(plain) == allowed for allowed in further
    )


def _untagged(image: str) -> str:
    folder, slash, last = image.partition("@")[0].rpartition("/")
    return folder + slash + last.partition(":")[0]
