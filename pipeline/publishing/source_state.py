"""The version, commit, time and address of the sources, which become labels of the images."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from common import process
from common.errors import TimedOut, UsageError
from pybrain_runtime._version import __version__

_LATEST = 9_223_372_036  # in 2262: bake stores the time in nanoseconds in a signed 64-bit integer


@dataclass(frozen=True)
class SourceState:
    """The state of the sources.

    Attributes:
        version: the version of the project.
        revision: the commit, with ``-dirty`` if tracked files have changed or build contexts contain untracked files;
            empty without git.
        address: the web address of the repository; empty if it has none.
        epoch: the time of the commit in seconds since 1970; None without git and without SOURCE_DATE_EPOCH.
    """

    version: str
    revision: str = ""
    address: str = ""
    epoch: int | None = None

    @property
    def is_committed(self) -> bool:
        """Whether the images can be rebuilt from the revision alone."""
        return bool(self.revision) and not self.revision.endswith("-dirty")

    @property
    def created(self) -> str:
        """The time of the sources in RFC 3339; the current time if it is unknown."""
        moment = datetime.now(UTC) if self.epoch is None else datetime.fromtimestamp(self.epoch, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def variables(self) -> dict[str, str]:
        """Return the variables of docker-bake.hcl."""
        return {
            "IMAGE_VERSION": self.version,
            "IMAGE_REVISION": self.revision,
            "IMAGE_SOURCE": self.address,
            "SOURCE_DATE_EPOCH": "" if self.epoch is None else str(self.epoch),
        }


def source_state(root: Path, environment: Mapping[str, str]) -> SourceState:
    """Return the state of a checkout.

    Args:
        root: the root folder of the checkout.
        environment: the environment variables; SOURCE_DATE_EPOCH overrides the time of the commit.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    epoch = _epoch(environment.get("SOURCE_DATE_EPOCH", ""))
    commit = _git(root, "log", "-1", "--format=%H %ct")
    found = re.fullmatch(r"([0-9a-f]{40,64}) ([0-9]{1,12})", commit)
    if (
        found is None or not (root / ".git").exists()
    ):  # a folder within another repository has no state of its own
        return SourceState(__version__, epoch=epoch)
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    changed += _git(root, "ls-files", "--others", "--exclude-standard", "--", "container*")
    return SourceState(
        __version__,
        found[1] + ("-dirty" if changed else ""),
        web_address(_git(root, "remote", "get-url", "origin")),
        int(found[2]) if epoch is None else epoch,
    )


def web_address(remote: str) -> str:
    """Return the https URL of a git remote without credentials, query and fragment; empty if it has none."""
    try:
        parts = urlsplit(remote)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme != "https" or not re.fullmatch(r"[A-Za-z0-9.-]+", host):
        return ""
    return f"https://{host}{port}{parts.path}" if re.fullmatch(r"[\w./~-]*", parts.path) else ""


def _epoch(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > _LATEST:
        raise UsageError(f"SOURCE_DATE_EPOCH={text[:40]!r} is not a valid time: expected seconds since 1970.")
    return int(text)


def _git(root: Path, *words: str) -> str:
    """Return the output of git; empty if git is missing or fails."""
    if shutil.which("git") is None:
        return ""
    try:
        asked = process.capture(["git", "-C", str(root), *words], timeout=20)
    except TimedOut:
        return ""
    return asked.output.strip() if asked.ok else ""
