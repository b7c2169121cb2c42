"""The mounts of a service: folders of the submission, volumes, and folders of other machines."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from evaluation.submission.submission import Submission

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
# Absolute paths that a compose file may name by mistake; all others belong to the system.
_USER_FOLDERS = (
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
    """A volume that Compose would reject."""


class MountRefused(ValueError):
    """A volume that an evaluation does not allow.

    Args:
        reason: why it is not allowed.
        text: the volume as written in the file.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason)
        self.text = text


@dataclass(frozen=True)
class Mount:
    """One folder or volume that a service mounts.

    Attributes:
        kind: folder or file (of the submission), missing (a folder that must exist and does not), named, anonymous,
            or elsewhere (a folder of another machine, which an empty volume replaces).
        source: the path relative to the submission, the volume's name, or the path elsewhere.
        target: the path in the container.
        read_only: whether it is mounted read-only.
    """

    kind: str
    source: str
    target: str
    read_only: bool


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is inside a folder, both relative to the submission.

    Args:
        path: the path of a file or folder.
        folder: the folder; ``.`` for the submission itself.
    """
    return path != folder and (folder == "." or path.startswith(folder + "/"))


def read_mount(entry: Any, submission: Submission, *, anonymous: str, base: str = "") -> Mount:
    """Read one entry of `volumes:`.

    Args:
        entry: a string or a mapping.
        submission: the submission whose folders it may name; missing folders are created, as Docker does.
        anonymous: the name to give to an anonymous volume.
        base: the folder of the compose file, relative to the submission.

    Raises:
        MountError: Compose would reject the entry.
        MountRefused: the evaluation does not allow the mount.
    """
    if isinstance(entry, Mapping):
        return _long(entry, submission, anonymous, base)
    if not isinstance(entry, str) or not entry:
        raise MountError(f"{entry!r} is not a valid volume")
    source, target, options = _parts(entry)
    read_only = "ro" in options.split(",")
    for option in options.split(","):
        if option.endswith(("shared", "slave")):
            raise MountRefused("propagates mounts of the container to the host", entry)
    if not source:
        return Mount("anonymous", anonymous, _target(target, entry), read_only)
    if not source.startswith((".", "/", "~", "\\")) and not _DRIVE.match(source):
        if not re.fullmatch(r"[\w.-]+", source):
            raise MountError(f"{source!r} is not a valid volume name; a folder path begins with ./")
        return Mount("named", source, _target(target, entry), read_only)
    return _bind(source, _target(target, entry), read_only, submission, entry, base, create=True)


def _parts(entry: str) -> tuple[str, str, str]:
    drive = _DRIVE.match(entry)
    head, rest = (entry[:2], entry[2:]) if drive else ("", entry)
    pieces = rest.split(":")
    if len(pieces) > 3:
        raise MountError(f"{entry!r} has too many colons")
    if len(pieces) == 1:
        return "", head + rest, ""
    return head + pieces[0], pieces[1], pieces[2] if len(pieces) == 3 else ""


def _long(entry: Mapping[str, Any], submission: Submission, anonymous: str, base: str) -> Mount:
    kind, source = str(entry.get("type") or ""), str(entry.get("source") or entry.get("src") or "")
    text = f"{kind} {source}".strip()
    target = _target(str(entry.get("target") or entry.get("destination") or entry.get("dst") or ""), text)
    read_only = entry.get("read_only") in (True, "true")
    if kind == "bind":
        bind = entry.get("bind")
        options = bind if isinstance(bind, Mapping) else {}
        if str(options.get("propagation", "rprivate")).endswith(("shared", "slave")):
            raise MountRefused("propagates mounts of the container to the host", text)
        create = options.get("create_host_path") in (True, "true")
        return _bind(source, target, read_only, submission, text, base, create=create)
    if kind == "tmpfs":
        return Mount("anonymous", anonymous, target, read_only)
    if kind != "volume":
        raise MountRefused("is not a supported volume type", text)
    return (
        Mount("named", source, target, read_only)
        if source
        else Mount("anonymous", anonymous, target, read_only)
    )


def _target(target: str, text: str) -> str:
    if not target.startswith("/"):
        raise MountError(f"the volume {text!r} has no absolute path in the container")
    if re.search(r"[\x00-\x1f\x7f]", target):
        raise MountError(f"the volume {text!r} has a control character in its path in the container")
    return os.path.normpath(target)


def _bind(
    source: str, target: str, read_only: bool, submission: Submission, text: str, base: str, *, create: bool
) -> Mount:
    if source.rstrip("/").endswith("docker.sock"):
        raise MountRefused(
            "gives the container the engine's socket, and with it root access to the host", text
        )
    if source.startswith(("/", "~", "\\")) or _DRIVE.match(source):
        if _is_system_folder(source):
            raise MountRefused("is a system folder outside the submission", text)
        return Mount("elsewhere", source.rstrip("/\\"), target, read_only)
    plain = posixpath.normpath(posixpath.join(base, source.replace("\\", "/")))
    if plain == ".." or plain.startswith("../"):
        raise MountRefused("is outside the submission", text)
    try:
        path = submission.path(plain)
    except ValueError:
        raise MountRefused("leads outside the submission through a link", text) from None
    name = PurePosixPath(plain).as_posix()
    if path.is_file():
        return Mount("file", name, target, True)
    if not path.exists():
        if not create:
            return Mount("missing", name, target, read_only)
        try:
            path.mkdir(parents=True)
        except OSError:  # a dangling link, or a file in place of a folder
            raise MountRefused("is a path where no folder can be created", text) from None
    return Mount("folder", name, target, read_only)


def is_plain_volume(options: Any) -> bool:
    """Return whether the `driver_opts` of a volume name a folder of a user, or memory: an empty volume can replace it.

    Args:
        options: the options of the local driver.
    """
    if not isinstance(options, Mapping) or set(options) - {"type", "o", "device"}:
        return False
    kind, device = str(options.get("type", "none")), str(options.get("device", ""))
    if kind == "tmpfs":
        return True
    if kind not in ("none", "bind") or not {"bind", "rbind"} & set(str(options.get("o", "")).split(",")):
        return False
    if device.startswith(("/", "~", "\\")) or _DRIVE.match(device):
        return not _is_system_folder(device)
    return device != "" and not os.path.normpath(device.replace("\\", "/")).startswith("..")


def _is_system_folder(source: str) -> bool:
    """Return whether a path belongs to the system, and is not a user's own folder."""
    if source.startswith("~"):
        return ".." in source or source.rstrip("/") == "~"
    if _DRIVE.match(source):
        return len(source) <= 3 or ".." in source or source[2:].lower().startswith(("\\windows", "/windows"))
    plain = os.path.normpath(source.replace("\\", "/"))
    return not any(plain.startswith(folder) for folder in _USER_FOLDERS)
