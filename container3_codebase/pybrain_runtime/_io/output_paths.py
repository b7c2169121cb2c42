"""Where results may stand: over nothing that is read, and nowhere that a card would be looked for."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable

from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime._io.paths import base, is_folder, is_same, split_ending
from pybrain_runtime.errors import CannotWrite, InputMissing, PipelineError, UsageError

CARD_ENDING = ".card.json"
STANDARD_INPUT = "-"

# How often a file is looked at that another run is replacing.
_TRIES = 20
_REPORT_LIMIT = 1 << 20
_REPORT_BEGINNING = b'{\n  "status": "done",\n  "knowledge": {\n    "file": '
_REPORT_KEYS = frozenset(("status", "knowledge", "activation", "prediction", "versions"))
_KINDS = (
    (stat.S_ISLNK, "it is a symbolic link, and links are neither followed nor replaced"),
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a named pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


def report_path(output: str) -> str:
    """Returns where the report of a prediction stands: beside it, with the ending ``.json``."""
    return split_ending(output)[0] + ".json"


def check_outputs(written: Iterable[str], read: Iterable[str]) -> None:
    """Makes sure that files which will be written are neither read in the same run nor taken for cards.

    Args:
        written: all of them, those under construction included.
        read: the network, its card, the rows; ``-`` is standard input. Empty names are ignored.

    Raises:
        UsageError: a file is one of those that are read, also by another name of it or through a link, or has
            the name of a card.
    """
    read = [path for path in read if path]
    for path in written:
        for other in read:
            if _is_standard_input(path) if other == STANDARD_INPUT else is_same(path, other):
                name = "standard input" if other == STANDARD_INPUT else other
                raise UsageError(
                    f"{path} would be written over {name}, which is read.",
                    hint="Choose another place for the prediction.",
                )
        check_not_card_name(path)


def check_not_card_name(path: str) -> None:
    """Raises UsageError where a file would have the name of a card, so that a later run would take it for one."""
    if base(path).casefold().endswith(CARD_ENDING):
        raise UsageError(
            f"{path} cannot be written: the card of a network is looked for under such a name.",
            hint=f"Choose another name; those that end in {CARD_ENDING} are for cards alone.",
        )


def check_target(path: str) -> None:
    """Makes sure that there is either nothing or a plain file at a path.

    Raises:
        CannotWrite: there is something else, such as a folder, a link, a pipe or a device.
    """
    if "\0" in path:
        raise CannotWrite(f"{path!r} cannot be written: no file can have this name.", path=path)
    if not base(path):
        what = "it is a directory" if is_folder(path) else "it names a directory, not a file"
        raise CannotWrite(f"{path or repr(path)} cannot be written: {what}.", hint="Name a file.", path=path)
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return  # nothing there; what else is wrong shows when it is written
    for is_kind, what in _KINDS:
        if is_kind(mode):
            raise CannotWrite(
                f"{path} cannot be written: {what}.", hint="Name a plain file, new or old.", path=path
            )


def is_report(value: object) -> bool:
    """Says whether the content of a JSON file is the report of a run."""
    if not isinstance(value, dict) or not value.keys() >= _REPORT_KEYS:
        return False
    versions = value["versions"]
    return isinstance(versions, dict) and "app07" in versions


def check_report_target(path: str) -> None:
    """Makes sure that a report replaces nothing but an earlier report.

    Nobody names the report: its place follows from that of the prediction. So what stands there may be anything.

    Raises:
        CannotWrite: there is another file.
    """
    check_target(path)
    if os.path.lexists(path) and not _holds_report(path):
        raise CannotWrite(
            f"{path} is there, and is not the report of a run; the report of this one would replace it.",
            hint="Choose another name for the prediction, or take that file away.",
            path=path,
        )


def check_default_output(path: str) -> None:
    """Makes sure that a prediction whose place nobody named replaces nothing but an earlier one, known by its report.

    Raises:
        CannotWrite: there is another file.
    """
    check_target(path)
    try:
        if not os.stat(path).st_size:  # noqa: PTH116 - see paths
            return
    except FileNotFoundError:
        return
    report = report_path(path)
    if not os.path.lexists(report) or not _holds_report(report):
        raise CannotWrite(
            f"{path} is there, and no report of a run beside it; this run would replace it.",
            hint="Name the prediction, or take that file away.",
            path=path,
        )


def check_replaceable(path: str, beginning: bytes, what: str) -> None:
    """Makes sure that a file whose place nobody named replaces nothing but an earlier one of its kind.

    Args:
        path: the file.
        beginning: what such a file begins with; an empty one may be replaced, too.
        what: what it holds, in words, for messages.

    Raises:
        CannotWrite: there is another file.
    """
    check_target(path)
    if not os.path.lexists(path):
        return
    try:
        with InputFile(path, "old") as file:
            found = next(file.blocks(len(beginning)), b"") if file.size else b""
    except PipelineError:
        found = b"?"
    if found and not found.startswith(beginning):
        raise CannotWrite(
            f"{path} is there, and does not hold {what}; this run would replace it.",
            hint="Choose another name for the prediction, or take that file away.",
            path=path,
        )


def _holds_report(path: str) -> bool:
    """Says whether a file is a report, or is there no longer: another run may be replacing it just now."""
    for _ in range(_TRIES):
        try:
            with InputFile(path, "report") as file:
                if file.size > _REPORT_LIMIT:  # of thousands of outputs
                    return next(file.blocks(len(_REPORT_BEGINNING))) == _REPORT_BEGINNING
                content = file.read(_REPORT_LIMIT)
            return not content or is_report(json.loads(content))
        except InputMissing:
            if not os.path.lexists(path):
                return True
        except (PipelineError, ValueError, RecursionError):
            return False
    return False


def _is_standard_input(path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(0))  # noqa: PTH116 - see paths
    except OSError:
        return False
