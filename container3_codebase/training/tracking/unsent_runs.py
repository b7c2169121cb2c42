"""Keep the record and the results of an unsent run before a new run replaces them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pybrain_runtime.errors import InputMissing, PipelineError
from training.tracking.delivery_state import is_complete, is_expected, is_unsent, read_sent, write_sent
from training.tracking.nested_runs import TRIALS_FOLDER, children_of
from training.tracking.record import FILE, FOLDER, check_links
from training.tracking.record_file import Recorded, read_record, result_file

EARLIER = "earlier"
STATE = "sent.json"


def expect(folder: Path, uri: str, key: str) -> None:
    """Note that a run has to be sent to a server, so that its record is kept until then.

    Args:
        folder: the folder of the results.
        uri: the address of the server.
        key: the key of the run.

    Raises:
        CannotWrite: the note cannot be written.
    """
    path = folder / FOLDER / STATE
    sent = read_sent(path, uri, key)
    sent.complete = False
    write_sent(path, uri, sent)


def keep_unsent(folder: Path) -> Path | None:
    """Move the record of an unsent run to ``tracking/earlier/KEY``, with links to its results and those of its trials.

    Args:
        folder: the folder of the results.

    Returns:
        The new folder; None if there is no record, or nothing is left to send.

    Raises:
        CannotWrite: one of the folders is a symbolic link.
    """
    try:
        found = read_record(folder / FOLDER / FILE)
        trials = [trial for trial in children_of(folder) if not (trial / FOLDER).is_symlink()]
    except PipelineError:
        return None
    state = folder / FOLDER / STATE
    if not is_unsent(state, found.key) and not (is_expected(state, found.key) and _has_unsent(trials)):
        return None
    target = folder / FOLDER / EARLIER / found.key
    check_links(target.parent, target, target / FOLDER, target / TRIALS_FOLDER)
    (target / FOLDER).mkdir(parents=True, exist_ok=True)
    for name in _results(found):
        with suppress(OSError, InputMissing):
            _link(result_file(folder, name), target / name)
    for trial in trials:
        _move_record(trial, target / TRIALS_FOLDER / trial.name)
        with suppress(OSError):  # the folder has other files
            (trial / FOLDER).rmdir()
            trial.rmdir()
            trial.parent.rmdir()
    _move_record(folder, target)
    return target


def _has_unsent(trials: Sequence[Path]) -> bool:
    """Return whether a run in one of these folders has not been sent completely to any server."""
    return any(
        not is_complete(trial / FOLDER / STATE, read_record(trial / FOLDER / FILE).key) for trial in trials
    )


def _move_record(folder: Path, target: Path) -> None:
    (target / FOLDER).mkdir(parents=True, exist_ok=True)
    for name in (STATE, FILE):  # the record last, because it marks the folder as ready to send
        with suppress(FileNotFoundError):
            os.replace(folder / FOLDER / name, target / FOLDER / name)  # noqa: PTH105 - both files are written by this program


def remove_sent(folder: Path) -> None:
    """Remove the files that `keep_unsent` has kept of a run that was sent in the meantime.

    Args:
        folder: the folder with the record; nothing is removed unless it is ``tracking/earlier/KEY`` of that record.
    """
    if folder.parent.name != EARLIER or folder.parent.parent.name != FOLDER or folder.is_symlink():
        return
    try:
        found = read_record(folder / FOLDER / FILE)
    except PipelineError:
        return
    if found.key != folder.name:
        return
    emptied = {folder}
    records = [folder.joinpath(FOLDER), *(trial / FOLDER for trial in children_of(folder))]
    kept = [(record / name).relative_to(folder).as_posix() for record in records for name in (STATE, FILE)]
    for name in (*_results(found), *reversed(kept)):  # the record of the outer run last
        with suppress(OSError, PipelineError):
            path = result_file(folder, name)
            path.unlink()
            emptied |= {parent for parent in path.parents if folder in parent.parents}
    for parent in (*sorted(emptied, key=lambda path: len(path.parts), reverse=True), folder.parent):
        with suppress(OSError):  # the folder has other files
            parent.rmdir()


def _results(found: Recorded) -> Iterable[str]:
    names = set(found.artifacts)
    if found.model is not None:
        names |= {found.model.path, found.model.path.removesuffix(".pkl") + ".card.json"}
    return sorted(names)


def _link(source: Path, target: Path) -> None:
    """Create a hard link to a file, or copy it. Results are replaced by renaming, so the link keeps its content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)
