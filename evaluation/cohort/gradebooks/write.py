"""Write the gradebooks of a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from common import atomic_files
from evaluation.cohort.cells import to_text
from evaluation.cohort.gradebooks import canvas, grades, moodle, nbgrader, otter
from evaluation.cohort.gradebooks.gradebook import Gradebook, Table

FOLDER = "gradebooks"
GRADEBOOKS: Mapping[str, Table] = {
    module.FILE: module.table for module in (grades, moodle, canvas, nbgrader, otter)
}


def write_gradebooks(book: Gradebook, folder: Path) -> list[Path]:
    """Write a file for each kind of gradebook.

    Args:
        book: the counted submissions.
        folder: the folder of the reports; the files are written to a subfolder.

    Returns:
        The paths of the files.

    Raises:
        CannotWrite: a file cannot be written.
    """
    written = []
    for file, table in GRADEBOOKS.items():
        path = folder / FOLDER / file
        atomic_files.write_text(path, to_text(table(book)))
        written.append(path)
    return written
