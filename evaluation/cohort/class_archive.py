"""A class export that is a single archive: unpacked to a temporary folder, as a worker unpacks a submission."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from evaluation.errors import NoSubmission, TooCostly
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import MIB, Limits
from evaluation.sanitize import printable
from evaluation.submission.archives.kinds import stem_of
from evaluation.submission.archives.tools import find_tools
from evaluation.submission.deep_folders import remove_folder

# A class may be as large as a few hundred usual submissions, and so may its archive.
_FILES, _SIZE, _SECONDS = 200_000, 8192 * MIB, 1800


@contextmanager
def opened_class(source: Path, limits: Limits) -> Iterator[Path]:
    """Yield the folder of a class: the source itself, or a temporary one that the archive is unpacked to.

    Args:
        source: a folder, or an archive that a learning platform exported.
        limits: limits on one submission.

    Raises:
        NoSubmission: the source is not an archive, is damaged or too large, or contains paths that lead outside it.
    """
    if not source.is_file():
        yield source
        return
    temporary = Path(tempfile.mkdtemp(prefix="app07-class-"))
    try:
        yield _unpacked(source, temporary, limits)
    finally:
        remove_folder(temporary)


def _unpacked(source: Path, temporary: Path, limits: Limits) -> Path:
    # The last part of the name counts: that of GitHub Classroom's export names the task.
    folder = temporary / (stem_of(source.name) or "class")
    of_class = replace(limits, files=_FILES, total_size=_SIZE)
    with WorkerPool(limits) as workers:
        try:
            workers.call(
                int, "unpack_class", printable(source.name), cpu=_SECONDS, seconds=float(_SECONDS),
                source=source.resolve(), folder=folder, limits=of_class, tools=find_tools(),
            )  # fmt: skip
        except TooCostly as error:
            raise NoSubmission(error.message, hint="Unpack it, and pass the folder instead.") from error
    return folder
