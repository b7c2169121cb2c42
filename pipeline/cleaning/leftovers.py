"""Find what runs have left behind: results, files in shared_data, images of this checkout."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.docker_command import find_daemon
from common.errors import PipelineError
from common.project import (
    CARD_FILE,
    KNOWLEDGE_FILE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SHARED_ACTIVATION_FILE,
    Layout,
)
from pipeline.engines.image_build import all_images_of
from pipeline.engines.image_names import project_name

REPLACED = "replaced"
"""The folder of stage 1 with the files of the user that were replaced."""
_STAYS = (".gitkeep", ".lock", ".serving.lock", ".publishing.lock")
"""Files of output/ that are not results."""
_OF_RUNS = (
    SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, PREDICTION_CSV, PREDICTION_JSON, "prediction.rejected.csv",
)  # fmt: skip
"""The files that the containers write to shared_data."""


@dataclass(frozen=True)
class Leftovers:
    """What runs have left behind.

    Attributes:
        paths: files and folders to remove.
        shown: these paths as they are shown.
        sizes: the size of each, in bytes.
        images: the images to remove, as ``name:tag``.
        kept: sentences about what is kept.
    """

    paths: tuple[Path, ...]
    shown: tuple[str, ...]
    sizes: tuple[int, ...]
    images: tuple[str, ...]
    kept: tuple[str, ...]


def find_leftovers(layout: Layout, *, everything: bool, images: bool) -> Leftovers:
    """Find what runs of a checkout have left behind. Links are never followed.

    Args:
        layout: the checkout.
        everything: whether all of output/ is included.
        images: whether images are included.
    """
    kept: list[str] = []
    paths = [*_results(layout, kept, everything=everything), *_shared_files(layout, kept)]
    found: tuple[str, ...] = ()
    if images:
        try:
            find_daemon()
            found = tuple(all_images_of(project_name(layout)))
        except PipelineError as error:
            kept.append(f"images, if there are any: {error.message}")
    shown = tuple(layout.shown(path) + ("/" if _is_folder(path) else "") for path in paths)
    return Leftovers(tuple(paths), shown, tuple(map(_size, paths)), found, tuple(kept))


def _results(layout: Layout, kept: list[str], *, everything: bool) -> Iterator[Path]:
    stages = (layout.stage1, layout.stage2, layout.stage3, layout.local_containers)
    for path in _entries(layout.output):
        if path.name in _STAYS:
            continue
        if not everything and path not in stages:
            kept.append(f"{layout.shown(path)} (--all removes it)")
        elif path == layout.stage1 and not everything and _is_folder(path / REPLACED):
            kept.append(f"{layout.shown(path / REPLACED)}/ (--all removes it)")
            yield from (each for each in _entries(path) if each.name != REPLACED)
        else:
            yield path


def _shared_files(layout: Layout, kept: list[str]) -> Iterator[Path]:
    for path in _entries(layout.shared_data):
        temporary = path.name.startswith(".") and (
            path.name.endswith((".tmp", ".new")) or any(name in path.name for name in _OF_RUNS)
        )
        if path.name in _OF_RUNS or temporary:
            yield path
        elif path.name != ".gitkeep":
            kept.append(f"{layout.shown(path)}, which no run writes")


def _entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, sorted; nothing for a link or an unreadable folder."""
    if not _is_folder(folder):
        return []
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _size(path: Path) -> int:
    """Return the size of a file, or of all files of a folder, in bytes."""
    total = 0
    inside = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    for each in inside if _is_folder(path) else [path]:
        try:
            total += each.lstat().st_size
        except OSError:
            continue
    return total
