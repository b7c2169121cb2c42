"""A compose file after the check: services that can be run, and why others cannot."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.compose.mounts import Mount


@dataclass(frozen=True)
class Refusal:
    """Something that a compose file requests and an evaluation does not allow.

    Attributes:
        where: the service, or the top-level key.
        what: the key with its value.
        reason: why it is not allowed.
    """

    where: str
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: `{self.what}` {self.reason}"


@dataclass(frozen=True)
class Placeholder:
    """Something outside the submission that its compose file names, and what the evaluation uses instead.

    Attributes:
        where: the service, or the top-level key.
        what: the key with its value.
        text: what is used instead.
    """

    where: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: `{self.what}`: {self.text}"


@dataclass(frozen=True)
class BuildRequest:
    """An image that a compose file builds.

    Attributes:
        context: the build context, relative to the submission.
        dockerfile: the Dockerfile, relative to the context.
        arguments: build arguments, as pairs of name and value.
        target: the target stage; empty for the last one.
    """

    context: str
    dockerfile: str
    arguments: tuple[tuple[str, str], ...] = ()
    target: str = ""

    @property
    def path(self) -> str:
        """The path of its Dockerfile in the submission."""
        return posixpath.normpath(f"{self.context}/{self.dockerfile}")

    @property
    def folder(self) -> str:
        """The folder of its Dockerfile, which names it in messages."""
        return posixpath.dirname(self.path) or "."


@dataclass(frozen=True)
class SafeService:
    """One service that can be run.

    Attributes:
        name: its name in the compose file.
        image: the image that it names; empty if it only builds one.
        build: the image that it builds; None if it builds none.
        depends_on: the services that it waits for, with their conditions.
        mounts: the folders and volumes that it mounts.
        settings: all other keys, checked.
    """

    name: str
    image: str
    build: BuildRequest | None
    depends_on: Mapping[str, str]
    mounts: tuple[Mount, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class SafeStack:
    """The checked services of a compose file.

    Attributes:
        services: the services that can be run, by name.
        mistakes: why Compose would reject the file.
        refusals: what the evaluation does not allow.
        left_out: keys that were ignored, as ``service.key``.
        placeholders: what the evaluation has replaced because it is not part of the submission.
    """

    services: Mapping[str, SafeService]
    mistakes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    placeholders: tuple[Placeholder, ...] = ()


def dependencies_of(services: Mapping[str, SafeService], name: str) -> set[str]:
    """Return all services that a service depends on, directly or indirectly.

    Args:
        services: all services by name.
        name: the service.
    """
    dependencies: set[str] = set()
    waiting = list(services[name].depends_on)
    while waiting:
        other = waiting.pop()
        if other in dependencies or other not in services:
            continue
        dependencies.add(other)
        waiting += services[other].depends_on
    return dependencies
