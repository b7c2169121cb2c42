"""Where images are published: a registry, a path in it, and a tag.

Everything is parsed, because it becomes part of commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import UsageError

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]{{2,39}}\])(?::(?P<port>[0-9]{{1,5}}))?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LONGEST = 200
_EXAMPLE = "Name it as HOST/NAME or HOST:PORT/NAME, such as registry.example.org/course."


@dataclass(frozen=True)
class Destination:
    """A path in a registry, below which every image is a repository.

    Attributes:
        host: the registry, with its port if it is not the default one.
        path: the path, without slashes at its ends.
    """

    host: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Return the destination that a text names.

        Args:
            text: ``HOST[:PORT]/NAME``; NAME may have several components.

        Raises:
            UsageError: it is not of this form. A text with credentials is not repeated in the message.
        """
        if "@" in text:
            raise UsageError(
                "The registry contains an @: neither credentials nor a digest belong there.",
                hint="Log in with `docker login HOST`; docker keeps the credentials.",
            )
        shown = repr(text[:80])
        if "://" in text:
            raise UsageError(f"The registry {shown} has a scheme; docker chooses it itself.", hint=_EXAMPLE)
        host, slash, path = text.partition("/")
        if not slash or not path:
            raise UsageError(f"The registry {shown} has no name after the host.", hint=_EXAMPLE)
        _check_host(host, shown)
        if len(text) > _LONGEST:
            raise UsageError(f"The registry {shown} ... has more than {_LONGEST} characters.")
        if re.search(r":[^/]*$", path):
            raise UsageError(
                f"The registry {shown} ends with a tag, which is stated separately.", hint=_EXAMPLE
            )
        if not _PATH.fullmatch(path):
            raise UsageError(
                f"{path[:80]!r} is no name in a registry: lowercase letters and digits, separated by one of . _ - /.",
                hint=_EXAMPLE,
            )
        return cls(host, path)

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        return f"{self.host}/{self.path}"


def _check_host(host: str, shown: str) -> None:
    found = _HOST.fullmatch(host)
    if found is None:
        raise UsageError(f"The registry {shown} does not start with the name of a host.", hint=_EXAMPLE)
    if found["port"] is not None and not 1 <= int(found["port"]) <= 65535:
        raise UsageError(f"The registry {shown} has no valid port: expected 1 to 65535.")
    if found["port"] is None and host != "localhost" and not set(host) & set(".["):
        raise UsageError(
            f"The registry {shown} names no host: docker takes {host!r} for a user of Docker Hub.",
            hint=f"For Docker Hub, write docker.io/{host}/..., for a machine of this name {host}:PORT/... .",
        )


def check_tag(tag: str) -> str:
    """Return a tag if it is valid.

    Raises:
        UsageError: it is not; or too long, as the names of platforms and targets are appended.
    """
    if not _TAG.fullmatch(tag):
        raise UsageError(
            f"{tag[:80]!r} is no tag: up to 100 letters, digits, and . _ -, the first of them no . or -."
        )
    return tag
