"""Search the files of an image, without starting a container."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck, TooCostly
from evaluation.images.image_archive import why_not_binary
from evaluation.processes.byte_streams import oversized
from evaluation.quotas import MIB

_LARGEST_IMAGE = 8 * 1024 * MIB
_LARGEST_PROGRAM = 96 * MIB
_MOST_FOLDERS = 32
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find_file(engine: EngineSession, image: str, file: Path, usual_path: str, folder: Path) -> str:
    """Return the path of a file in an image, found by its content; empty if there is none.

    Args:
        engine: the engine session.
        image: the local name of the image.
        file: the file to search for.
        usual_path: the path in the task, which is searched first, and preferred.
        folder: a folder of the evaluation.

    Raises:
        CannotCheck: the engine cannot export the image.
        TooCostly: the image has too many files to search.
    """
    with _unstarted_container(engine, image, folder) as (container, archive):
        limit = file.stat().st_size + 64 * MIB
        missing = engine.backend.download(container, usual_path, archive, limit)
        if not missing and _search(engine, archive, file):
            return usual_path
        _export(engine, container, archive)
        paths = _search(engine, archive, file)
    name = usual_path.rpartition("/")[2]
    return next((path for path in paths if path.rpartition("/")[2] == name), paths[0] if paths else "")


def find_all(engine: EngineSession, image: str, file: Path, usual_path: str, folder: Path) -> list[str]:
    """Return all paths in an image with the content of a file, and the usual path if it exists.

    Args:
        engine: the engine session.
        image: the local name of the image.
        file: the file to search for.
        usual_path: the path in the task.
        folder: a folder of the evaluation.

    Raises:
        CannotCheck: the engine cannot export the image.
        TooCostly: the image has too many files to search.
    """
    with _unstarted_container(engine, image, folder) as (container, archive):
        _export(engine, container, archive)
        paths = _search(engine, archive, file, usual_path)
    # The names are untrusted: in a Dockerfile they must not mean more than a path.
    return [path for path in dict.fromkeys(paths) if re.fullmatch(r"/[\w./@+=, ()~%#:-]+", path)]


def why_not_interpreter(engine: EngineSession, image: str, name: str, folder: Path) -> str:
    """Return why a program on the PATH of an image cannot be an interpreter; empty if it can.

    Args:
        engine: the engine session.
        image: the local name of the image.
        name: the name of the program.
        folder: a folder of the evaluation.

    Raises:
        TooCostly: the program is too large to examine.
    """
    details = engine.image(image) or {}
    environment = (details.get("Config") or {}).get("Env") or ()
    path = next((entry[5:] for entry in environment if entry.startswith("PATH=")), _PATH)
    folders = list(dict.fromkeys(entry for entry in path.split(":") if entry.startswith("/")))
    with _unstarted_container(engine, image, folder) as (container, archive):
        for folder_in_image in folders[:_MOST_FOLDERS]:
            path_in_image = f"{folder_in_image.rstrip('/')}/{name}"
            if not engine.backend.download(
                container, path_in_image, archive, _LARGEST_PROGRAM, follow_link=True
            ):
                return engine.workers.call(
                    str, "why_not_interpreter", f"{name} in the image", archive_path=archive
                )
    return why_not_binary(b"")


@contextmanager
def _unstarted_container(engine: EngineSession, image: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield a container that is not started, and a path for its archive, which is removed afterwards."""
    archive = folder / "image.tar"
    try:
        yield engine.unstarted_container(image), archive
    finally:
        archive.unlink(missing_ok=True)


def _export(engine: EngineSession, container: str, archive: Path) -> None:
    failed = engine.backend.export(container, archive, _LARGEST_IMAGE)
    if failed == oversized(_LARGEST_IMAGE):
        raise TooCostly("the file system of the image", failed)
    if failed:
        raise CannotCheck(f"the files of the image cannot be exported: {failed}")


def _search(engine: EngineSession, archive: Path, file: Path, usual_path: str = "") -> tuple[str, ...]:
    what = "the file system of the image"
    return engine.workers.call(
        tuple[str, ...], "search", what, archive_path=archive, file=file, usual_path=usual_path
    )
