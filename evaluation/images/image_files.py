"""Looks for a file in an image, byte for byte, without starting anything of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.images.image_archive import why_not_binary
from evaluation.processes.byte_streams import into_file
from evaluation.quotas import MIB

_LARGEST_IMAGE = 8 * 1024 * MIB
_LARGEST_PROGRAM = 96 * MIB
_MOST_FOLDERS = 32
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def holds(engine: EngineSession, image: str, wanted: Path, usual: str, folder: Path) -> str:
    """Where an image holds a file with the same content; empty where it does not.

    Args:
        workshop: where the image is.
        image: its name here.
        wanted: the file to look for.
        usual: where the task puts the file; looked at first, and preferred.
        folder: a folder of our own.

    Raises:
        CannotCheck: the engine does not hand the image out.
        TooCostly: the image's files are too much to look through.
    """
    with _never_started(engine, image, folder) as (container, packed):
        most = wanted.stat().st_size + 64 * MIB
        missing = into_file(["docker", "cp", f"{container}:{usual}", "-"], packed, most)
        if not missing and _search(engine, packed, wanted):
            return usual
        _export(container, packed)
        found = _search(engine, packed, wanted)
    name = usual.rpartition("/")[2]
    return next((place for place in found if place.rpartition("/")[2] == name), found[0] if found else "")


def find_all(engine: EngineSession, image: str, wanted: Path, usual: str, folder: Path) -> list[str]:
    """All places of an image that hold a file with the same content, and the usual place where any file is there.

    Raises:
        CannotCheck: the engine does not hand the image out.
        TooCostly: the image's files are too much to look through.
    """
    with _never_started(engine, image, folder) as (container, packed):
        _export(container, packed)
        found = _search(engine, packed, wanted, usual)
    # The names come from the image: they must not be able to say more than a path does in a Dockerfile.
    return [place for place in dict.fromkeys(found) if re.fullmatch(r"/[\w./@+=, ()~%#:-]+", place)]


def why_not_interpreter(engine: EngineSession, image: str, name: str, folder: Path) -> str:
    """Why a program of an image, as it is found on its PATH, is no binary, in words; empty where it is one.

    Raises:
        TooCostly: it is too much to look at.
    """
    about = engine.image(image) or {}
    environment = (about.get("Config") or {}).get("Env") or ()
    path = next((one[5:] for one in environment if one.startswith("PATH=")), _PATH)
    places = list(dict.fromkeys(one for one in path.split(":") if one.startswith("/")))
    with _never_started(engine, image, folder) as (container, packed):
        for place in places[:_MOST_FOLDERS]:
            words = ["docker", "cp", "--follow-link", f"{container}:{place.rstrip('/')}/{name}", "-"]
            if not into_file(words, packed, _LARGEST_PROGRAM):
                return engine.workers.call(str, "why_not_interpreter", f"{name} in the image", packed=packed)
    return why_not_binary(b"")


@contextmanager
def _never_started(engine: EngineSession, image: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Creates a container that is never started, and names a file for what comes out of it; removes both."""
    container = engine.must("create", "--label", engine.label, "--network", "none", image, "-")
    packed = folder / "image.tar"
    try:
        yield container, packed
    finally:
        engine.remove_containers([container])
        packed.unlink(missing_ok=True)


def _export(container: str, packed: Path) -> None:
    if failed := into_file(["docker", "export", container], packed, _LARGEST_IMAGE):
        raise CannotCheck(f"the image cannot be looked into: {failed}")


def _search(engine: EngineSession, packed: Path, wanted: Path, also: str = "") -> tuple[str, ...]:
    what = "the file system of the image"
    return engine.workers.call(tuple[str, ...], "search", what, packed=packed, wanted=wanted, also=also)
