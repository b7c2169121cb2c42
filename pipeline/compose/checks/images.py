"""Parse and check image names: registry, repository, tag and digest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import Policy

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_REGISTRY = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DOCKER_HUB = frozenset(["docker.io", "index.docker.io", "registry-1.docker.io"])


@dataclass(frozen=True)
class Image:
    """A parsed image name.

    Attributes:
        registry: the registry; ``docker.io`` if the name has none.
        repository: the repository, with ``library/`` for official images of Docker Hub.
        tag: the tag; empty if the name has none.
        digest: the digest, ``sha256:HEX``; empty if the name has none.
        text: the name as written in the request.
    """

    registry: str
    repository: str
    tag: str
    digest: str
    text: str

    @property
    def full_repository(self) -> str:
        """The registry and the repository."""
        return f"{self.registry}/{self.repository}"

    @property
    def base_name(self) -> str:
        """The last part of the repository, such as ``python``."""
        return self.repository.rpartition("/")[2]


def parse_image(text: str) -> Image | None:
    """Return the parsed image name, or None if it is not valid."""
    rest, sign, digest = text.partition("@")
    if sign and not _DIGEST.fullmatch(digest):
        return None
    head, slash, tail = rest.partition("/")
    has_registry = bool(slash) and ("." in head or ":" in head or head == "localhost")
    registry, path = (head, tail) if has_registry else ("docker.io", rest)
    repository, colon, tag = path.partition(":")
    if not _REPOSITORY.fullmatch(repository) or (colon and not _TAG.fullmatch(tag)) or len(text) > 400:
        return None
    if not _REGISTRY.fullmatch(registry):
        return None
    registry = "docker.io" if registry in _DOCKER_HUB else registry
    if registry == "docker.io" and "/" not in repository:
        repository = f"library/{repository}"
    return Image(registry, repository, tag, digest, text)


def checked_image(text: str, path: str, policy: Policy, findings: Findings) -> Image | None:
    """Return the parsed image name, or report why it is refused.

    Args:
        text: the image name.
        path: its path in the request.
        policy: the repositories that are allowed.
        findings: collects problems.
    """
    image = parse_image(text)
    if image is None:
        findings.refuse(
            path, f"{shown(text)} is not a valid image name", "Write REPOSITORY:TAG, such as busybox:latest."
        )
        return None
    if image.full_repository not in policy.repositories:
        known = ", ".join(
            sorted(name.removeprefix("docker.io/").removeprefix("library/") for name in policy.repositories)
        )
        findings.refuse(
            path,
            f"the repository {shown(image.full_repository)} is not allowed",
            f"Allowed repositories: {known}",
        )
        return None
    return image
