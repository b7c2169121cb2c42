"""Search the files of an image, without starting a container."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.images.image_archive import why_not_binary
from evaluation.processes.byte_streams import run_to_output_file
from evaluation.quotas import MIB

_LARGEST_IMAGE = 8 * 1024 * MIB
_LARGEST_PROGRAM = 96 * MIB
_MOST_FOLDERS = 32
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def holds(engine: EngineSession, image: str, wanted: Path, usual: str, folder: Path) -> str:
    """Return the path of a file in an image, found by its content; empty if there is none.

    Args:
        engine: the engine session.
        image: the local name of the image.
        wanted: the file to search for.
        usual: the path of the task; searched first, and preferred.
        folder: a folder of the evaluation.

    Raises:
        CannotCheck: The engine cannot export the image.
        TooCostly: The image has too many files to search.
    """
    with _unstarted_container(engine, image, folder) as (container, packed):
        most = wanted.stat().st_size + 64 * MIB
        missing = run_to_output_file(["docker", "cp", f"{container}:{usual}", "-"], packed, most)
        if not missing and _search(engine, packed, wanted):
            return usual
        _export(container, packed)
        found = _search(engine, packed, wanted)
    name = usual.rpartition("/")[2]
    return next((place for place in found if place.rpartition("/")[2] == name), found[0] if found else "")


def find_all(engine: EngineSession, image: str, wanted: Path, usual: str, folder: Path) -> list[str]:
    """Return all paths of an image that hold a file, found by its content, and the usual path if it exists.

    Args:
        engine: the engine session.
        image: the local name of the image.
        wanted: the file to search for.
        usual: the path of the task.
        folder: a folder of the evaluation.

    Raises:
        CannotCheck: The engine cannot export the image.
        TooCostly: The image has too many files to search.
    """
    with _unstarted_container(engine, image, folder) as (container, packed):
        _export(container, packed)
        found = _search(engine, packed, wanted, usual)
    # The names are untrusted: in a Dockerfile they must not mean more than a path.
    return [place for place in dict.fromkeys(found) if re.fullmatch(r"/[\w./@+=, ()~%#:-]+", place)]


def why_not_interpreter(engine: EngineSession, image: str, name: str, folder: Path) -> str:
    """Return why a program on the PATH of an image cannot be an interpreter; empty if it can.

    Args:
        engine: the engine session.
        image: the local name of the image.
        name: the name of the program.
        folder: a folder of the evaluation.

    Raises:
        TooCostly: It is too large to examine.
    """
    about = engine.image(image) or {}
    environment = (about.get("Config") or {}).get("Env") or ()
    path = next((one[5:] for one in environment if one.startswith("PATH=")), _PATH)
    places = list(dict.fromkeys(one for one in path.split(":") if one.startswith("/")))
    with _unstarted_container(engine, image, folder) as (container, packed):
        for place in places[:_MOST_FOLDERS]:
            words = ["docker", "cp", "--follow-link", f"{container}:{place.rstrip('/')}/{name}", "-"]
            if not run_to_output_file(words, packed, _LARGEST_PROGRAM):
                return engine.workers.call(str, "why_not_interpreter", f"{name} in the image", packed=packed)
    return why_not_binary(b"")


@contextmanager
def _unstarted_container(engine: EngineSession, image: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Create a container without starting it, and a path for its archive; remove both afterwards."""
    container = engine.must("create", "--label", engine.label, "--network", "none", image, "-")
    packed = folder / "image.tar"
    try:
        yield container, packed
    finally:
        engine.remove_containers([container])
        packed.unlink(missing_ok=True)


def _export(container: str, packed: Path) -> None:
    if failed := run_to_output_file(["docker", "export", container], packed, _LARGEST_IMAGE):
        raise CannotCheck(f"the files of the image cannot be exported: {failed}")


def _search(engine: EngineSession, packed: Path, wanted: Path, also: str = "") -> tuple[str, ...]:
    what = "the file system of the image"
    return engine.workers.call(tuple[str, ...], "search", what, packed=packed, wanted=wanted, also=also)
