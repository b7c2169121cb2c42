"""What a service of a compose file wants to see: a folder of the submission, a volume, or a place in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from evaluation.submission.submission import Submission

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
# Folders in which people keep their own things; what else begins with / belongs to the system.
_PEOPLES = (
    "/home/",
    "/Users/",
    "/tmp/",
    "/mnt/",
    "/media/",
    "/data/",
    "/srv/",
    "/opt/",
    "/workspace/",
    "/c/",
)


class MountError(ValueError):
    """A volume that Compose would refuse."""


class MountRefused(ValueError):
    """A volume that an evaluation does not give.

    Args:
        reason: why not.
        text: the volume as it was written.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason)
        self.text = text


@dataclass(frozen=True)
class Mount:
    """One folder or volume that a service sees.

    Attributes:
        kind: folder or file (of the submission), missing (a folder that is not there and must be), named,
            anonymous, elsewhere (a folder of somebody's own machine, in whose place stands an empty volume).
        source: the path relative to the submission, the volume's name, or the path elsewhere.
        target: where the container sees it.
        read_only: whether it may only be read.
    """

    kind: str
    source: str
    target: str
    read_only: bool


def lies_inside(path: str, folder: str) -> bool:
    """Return whether a path lies inside a folder, both relative to the submission.

    Args:
        path: the path of a file or folder.
        folder: the folder; ``.`` is the submission itself.
    """
    return path != folder and (folder == "." or path.startswith(folder + "/"))


def read_mount(entry: Any, submission: Submission, *, anonymous: str) -> Mount:
    """Reads one entry of `volumes:`.

    Args:
        entry: a text or a mapping.
        submission: whose folders it may name; a folder that is not there is made, as Docker does.
        anonymous: a name for a volume that has none.

    Raises:
        MountMistake, MountRefused: with the reason.
    """
    if isinstance(entry, Mapping):
        return _long(entry, submission, anonymous)
    if not isinstance(entry, str) or not entry:
        raise MountError(f"{entry!r} is no volume")
    source, target, options = _parts(entry)
    read_only = "ro" in options.split(",")
    for option in options.split(","):
        if option.endswith(("shared", "slave")):
            raise MountRefused("lets mounts of the container reach the host", entry)
    if not source:
        return Mount("anonymous", anonymous, _target(target, entry), read_only)
    if not source.startswith((".", "/", "~", "\\")) and not _DRIVE.match(source):
        if not re.fullmatch(r"[\w.-]+", source):
            raise MountError(f"{source!r} is no name of a volume; a folder begins with ./")
        return Mount("named", source, _target(target, entry), read_only)
    return _bind(source, _target(target, entry), read_only, submission, entry, make=True)


def _parts(entry: str) -> tuple[str, str, str]:
    drive = _DRIVE.match(entry)
    head, rest = (entry[:2], entry[2:]) if drive else ("", entry)
    pieces = rest.split(":")
    if len(pieces) > 3:
        raise MountError(f"{entry!r} has too many colons")
    if len(pieces) == 1:
        return "", head + rest, ""
    return head + pieces[0], pieces[1], pieces[2] if len(pieces) == 3 else ""


def _long(entry: Mapping[str, Any], submission: Submission, anonymous: str) -> Mount:
    kind, source = str(entry.get("type") or ""), str(entry.get("source") or entry.get("src") or "")
    text = f"{kind} {source}".strip()
    target = _target(str(entry.get("target") or entry.get("destination") or entry.get("dst") or ""), text)
    read_only = entry.get("read_only") in (True, "true")
    if kind == "bind":
        bind = entry.get("bind")
        about = bind if isinstance(bind, Mapping) else {}
        if str(about.get("propagation", "rprivate")).endswith(("shared", "slave")):
            raise MountRefused("lets mounts of the container reach the host", text)
        make = about.get("create_host_path") in (True, "true")
        return _bind(source, target, read_only, submission, text, make=make)
    if kind == "tmpfs":
        return Mount("anonymous", anonymous, target, read_only)
    if kind != "volume":
        raise MountRefused("is not a kind of volume that an evaluation gives", text)
    return (
        Mount("named", source, target, read_only)
        if source
        else Mount("anonymous", anonymous, target, read_only)
    )


def _target(target: str, text: str) -> str:
    if not target.startswith("/"):
        raise MountError(f"the volume {text!r} has no absolute place in the container")
    if re.search(r"[\x00-\x1f\x7f]", target):
        raise MountError(f"the volume {text!r} has a control character in its place in the container")
    return os.path.normpath(target)


def _bind(
    source: str, target: str, read_only: bool, submission: Submission, text: str, *, make: bool
) -> Mount:
    if source.rstrip("/").endswith("docker.sock"):
        raise MountRefused(
            "hands the engine itself into the container: whoever has it is root on the host", text
        )
    if source.startswith(("/", "~", "\\")) or _DRIVE.match(source):
        if _is_the_systems(source):
            raise MountRefused("is a place of the system itself, outside the submission", text)
        return Mount("elsewhere", source.rstrip("/\\"), target, read_only)
    plain = os.path.normpath(source.replace("\\", "/"))
    if plain == ".." or plain.startswith("../"):
        raise MountRefused("lies outside the submission", text)
    try:
        path = submission.path(plain)
    except ValueError:
        raise MountRefused("leads outside the submission by way of a link", text) from None
    name = PurePosixPath(plain).as_posix()
    if path.is_file():
        return Mount("file", name, target, True)
    if not path.exists():
        if not make:
            return Mount("missing", name, target, read_only)
        try:
            path.mkdir(parents=True)
        except OSError:  # a link that leads nowhere, or a file in the place of a folder
            raise MountRefused("leads to a place where no folder can be made", text) from None
    return Mount("folder", name, target, read_only)


def _is_the_systems(source: str) -> bool:
    """Whether a place is no folder that somebody made for this work; nobody mounts the others by mistake."""
    if source.startswith("~"):
        return ".." in source or source.rstrip("/") == "~"
    if _DRIVE.match(source):
        return len(source) <= 3 or ".." in source or source[2:].lower().startswith(("\\windows", "/windows"))
    plain = os.path.normpath(source.replace("\\", "/"))
    return not any(plain.startswith(folder) for folder in _PEOPLES)
