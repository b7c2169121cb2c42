"""Looks for a file in an image, byte for byte, without starting anything of it."""

from __future__ import annotations

from pathlib import Path

from pipeline.evaluation.errors import CannotCheck
from pipeline.evaluation.limits import MIB
from pipeline.evaluation.streams import into_file
from pipeline.evaluation.workshop import Workshop

_LARGEST_IMAGE = 8 * 1024 * MIB


def holds(workshop: Workshop, image: str, wanted: Path, usual: str, folder: Path) -> str:
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
    container = workshop.must("create", "--label", workshop.label, "--network", "none", image, "-")
    packed = folder / "image.tar"
    try:
        most = wanted.stat().st_size + 64 * MIB
        missing = into_file(["docker", "cp", f"{container}:{usual}", "-"], packed, most)
        if not missing and _search(workshop, packed, wanted):
            return usual
        failed = into_file(["docker", "export", container], packed, _LARGEST_IMAGE)
        if failed:
            raise CannotCheck(f"the image cannot be looked into: {failed}")
        found = _search(workshop, packed, wanted)
    finally:
        workshop.remove_containers([container])
        packed.unlink(missing_ok=True)
    name = usual.rpartition("/")[2]
    return next((place for place in found if place.rpartition("/")[2] == name), found[0] if found else "")


def _search(workshop: Workshop, packed: Path, wanted: Path) -> tuple[str, ...]:
    what = "the file system of the image"
    return workshop.workers.call(tuple[str, ...], "search", what, packed=packed, wanted=wanted)
