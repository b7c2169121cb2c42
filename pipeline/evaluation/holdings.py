"""Looks for a file in an image, byte for byte, without starting anything of it."""

from __future__ import annotations

import hashlib
import re
import tarfile
from pathlib import Path

from pipeline.evaluation.errors import CannotCheck
from pipeline.evaluation.limits import MIB
from pipeline.evaluation.streams import into_file
from pipeline.evaluation.workshop import Workshop

_LARGEST_IMAGE = 8 * 1024 * MIB
_LARGEST_PROGRAM = 96 * MIB
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def holds(workshop: Workshop, image: str, content: bytes, usual: str, folder: Path) -> str:
    """Where an image holds a file with this content; empty where it does not.

    Args:
        workshop: where the image is.
        image: its name here.
        content: the bytes to look for.
        usual: where the task puts the file; looked at first, and preferred.
        folder: a folder of our own.
    """
    container = workshop.must("create", "--label", workshop.label, "--network", "none", image, "-")
    packed = folder / "image.tar"
    try:
        missing = into_file(["docker", "cp", f"{container}:{usual}", "-"], packed, len(content) + 64 * MIB)
        if not missing and _search(packed, content):
            return usual
        failed = into_file(["docker", "export", container], packed, _LARGEST_IMAGE)
        if failed:
            raise CannotCheck(f"the image cannot be looked into: {failed}")
        found = _search(packed, content)
    finally:
        workshop.remove_containers([container])
        packed.unlink(missing_ok=True)
    name = usual.rpartition("/")[2]
    return next((place for place in found if place.rpartition("/")[2] == name), found[0] if found else "")


def places_of(workshop: Workshop, image: str, content: bytes, usual: str, folder: Path) -> list[str]:
    """All places of an image that hold a file with this content, and the usual place where any file is there."""
    container = workshop.must("create", "--label", workshop.label, "--network", "none", image, "-")
    packed = folder / "image.tar"
    try:
        failed = into_file(["docker", "export", container], packed, _LARGEST_IMAGE)
        if failed:
            raise CannotCheck(f"the image cannot be looked into: {failed}")
        found = _search(packed, content, usual)
    finally:
        workshop.remove_containers([container])
        packed.unlink(missing_ok=True)
    return [place for place in dict.fromkeys(found) if not re.search(r"[\x00-\x1f\x7f]", place)]


def program_in(workshop: Workshop, image: str, name: str, folder: Path) -> bytes:
    """The file of a program as an image finds it on its PATH, links followed; empty where there is none."""
    about = workshop.image(image) or {}
    environment = (about.get("Config") or {}).get("Env") or ()
    path = next((one[5:] for one in environment if one.startswith("PATH=")), _PATH)
    container = workshop.must("create", "--label", workshop.label, "--network", "none", image, "-")
    packed = folder / "program.tar"
    try:
        for place in dict.fromkeys(one for one in path.split(":") if one.startswith("/")):
            words = ["docker", "cp", "--follow-link", f"{container}:{place.rstrip('/')}/{name}", "-"]
            if not into_file(words, packed, _LARGEST_PROGRAM):
                return _first_file(packed)
    finally:
        workshop.remove_containers([container])
        packed.unlink(missing_ok=True)
    return b""


def _first_file(packed: Path) -> bytes:
    with tarfile.open(packed) as archive:
        for entry in archive:
            file = archive.extractfile(entry) if entry.isreg() else None
            if file is not None:
                return file.read()
    return b""


def _search(packed: Path, content: bytes, also: str = "") -> list[str]:
    """The files of an archive with this content, and the one of a certain name."""
    digest, found = hashlib.sha256(content).digest(), []
    with tarfile.open(packed) as archive:
        for entry in archive:
            if entry.isreg() and also and "/" + entry.name.lstrip("./") == also:
                found.append(also)
            if not entry.isreg() or entry.size != len(content):
                continue
            file = archive.extractfile(entry)
            if file is not None and hashlib.sha256(file.read()).digest() == digest:
                found.append("/" + entry.name.lstrip("./"))
    return found
