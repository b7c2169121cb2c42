"""The names of images, and the allow-list: official images that are used without permission."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from evaluation.layout.patterns import plain_name

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]+)?")
# Responses of registries for a name or a tag that does not exist.
_NO_SUCH_IMAGE = re.compile(
    r"manifest unknown|manifest for .* not found|name unknown|invalid reference format|"
    r"must be lowercase"
)
_DENIED = re.compile(r"denied|unauthorized|authentication required")
# The official images that the task is built on.
ALLOWED_IMAGES = ("busybox", "alpine", "python", "debian", "ubuntu", "scratch")


def is_allowed(image: str, further: tuple[str, ...] = ()) -> bool:
    """Return whether an image may be used without permission.

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


def misspelled_official(image: str) -> str:
    """Return the official image whose name was probably meant; empty if there is none.

    Args:
        image: a name that is not allowed.
    """
    return misspelled_image(image, ALLOWED_IMAGES)


def misspelled_image(image: str, names: Sequence[str]) -> str:
    """Return the name that was probably meant, with the tag; empty if there is none, or the name is correct.

    Args:
        image: the name of an image.
        names: the correct names, without tags.
    """
    plain = plain_name(image)
    name, colon, tag = plain.partition(":")
    if "/" in plain or name in names:
        return ""
    matches = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.8)
    return f"{matches[0]}{colon}{tag}" if matches else ""


def is_no_such_image(output: str, *, official: bool) -> bool:
    """Return whether `docker pull` failed because there is no such image: a mistake in its name, or in its tag.

    Args:
        output: the output of `docker pull`.
        official: whether it is an official image: a registry denies access to one that does not exist.
    """
    return bool(_NO_SUCH_IMAGE.search(output) or (official and _DENIED.search(output)))


def _untagged(image: str) -> str:
    folder, slash, last = image.partition("@")[0].rpartition("/")
    return folder + slash + last.partition(":")[0]
