"""Find the records of nested runs, such as the trials of a search."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from pybrain_runtime.errors import PipelineError
from training.tracking.record import FILE, FOLDER
from training.tracking.record_file import read_record

TRIALS_FOLDER = "trials"
"""The subfolder of a search's results that has a folder for each trial."""

_MOST = 10_000


def children_of(folder: Path, known: Set[Path] = frozenset()) -> list[Path]:
    """Return the folders of a run's nested runs, sorted by name.

    Records that are damaged or belong to another run are omitted.

    Args:
        folder: the folder of the results of the run.
        known: folders to skip.

    Raises:
        CannotResume: the record of the run is missing or damaged.
    """
    trials = folder / TRIALS_FOLDER
    if trials.is_symlink() or not trials.is_dir():
        return []
    key = read_record(folder / FOLDER / FILE).key
    found = sorted(path for path in trials.iterdir() if path.name.isdecimal() and not path.is_symlink())
    return [path for path in found[:_MOST] if path not in known and _parent(path) == key]


def _parent(folder: Path) -> str | None:
    try:
        return read_record(folder / FOLDER / FILE).parent
    except PipelineError:
        return None
