"""The destination of published images: a registry, a path in it, and a tag.

All parts are validated, because they become arguments of commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.errors import UsageError

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]{{2,39}}\])(?::(?P<port>[0-9]{{1,5}}))?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LONGEST = 200
_EXAMPLE = "Write HOST/NAME or HOST:PORT/NAME, such as registry.example.org/course."


@dataclass(frozen=True)
class Destination:
    """A path in a registry, below which each image is a repository.

    Attributes:
        host: the registry, with its port unless it is the default.
        path: the path, without leading and trailing slashes.
    """

    host: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Parse a destination.

        Args:
            text: ``HOST[:PORT]/NAME``; NAME may have several components.

        Raises:
            UsageError: the string is not of this form. If it contains credentials, the message does not repeat it.
        """
        if "@" in text:
            raise UsageError(
                "The registry contains an @: neither credentials nor a digest are allowed.",
                hint="Log in with `docker login HOST`, which stores the credentials.",
            )
        shown = repr(text[:80])
        if "://" in text:
            raise UsageError(
                f"The registry {shown} has a scheme, which docker chooses itself.", hint=_EXAMPLE
            )
        host, slash, path = text.partition("/")
        if not slash or not path:
            raise UsageError(f"The registry {shown} has no name after the host.", hint=_EXAMPLE)
        _check_host(host, shown)
        if len(text) > _LONGEST:
            raise UsageError(f"The registry {shown}... has more than {_LONGEST} characters.")
        if re.search(r":[^/]*$", path):
            raise UsageError(
                f"The registry {shown} ends with a tag, which must be passed separately.", hint=_EXAMPLE
            )
        if not _PATH.fullmatch(path):
            raise UsageError(
                f"{path[:80]!r} is not a repository name: use lowercase letters, digits, and . _ - / between them.",
                hint=_EXAMPLE,
            )
        return cls(host, path)

    def __str__(self) -> str:
        """Return the destination in the form that `parse` accepts."""
        return f"{self.host}/{self.path}"


def _check_host(host: str, shown: str) -> None:
    found = _HOST.fullmatch(host)
    if found is None:
        raise UsageError(f"The registry {shown} does not start with a host name.", hint=_EXAMPLE)
    if found["port"] is not None and not 1 <= int(found["port"]) <= 65535:
        raise UsageError(f"The registry {shown} has an invalid port; expected 1 to 65535.")
    if found["port"] is None and host != "localhost" and not set(host) & set(".["):
        raise UsageError(
            f"The registry {shown} has no host: docker reads {host!r} as a user of Docker Hub.",
            hint=f"For Docker Hub, write docker.io/{host}/...; for a machine of this name, {host}:PORT/...",
        )


def check_tag(tag: str) -> str:
    """Return a tag if it is valid.

    Raises:
        UsageError: the tag is not valid, or is too long, because platform and target names are appended.
    """
    if not _TAG.fullmatch(tag):
        raise UsageError(
            f"{tag[:80]!r} is not a valid tag: use up to 100 letters, digits, and . _ -, not starting with . or -."
        )
    return tag
