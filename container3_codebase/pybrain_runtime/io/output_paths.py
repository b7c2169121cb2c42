"""Checks of output paths: no output may overwrite an input, or have the name of a model card."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from pybrain_runtime.errors import CannotWrite, OutputExists, OverwritesInput, PipelineError, UsageError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.paths import base, is_folder, is_same

CARD_ENDING = ".card.json"
STANDARD_INPUT = "-"

_KINDS = (
    (stat.S_ISLNK, "it is a symbolic link, and links are neither followed nor replaced"),
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a named pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


def check_outputs(written: Iterable[str], read: Iterable[str]) -> None:
    """Check that output files are neither inputs of the same run nor named like model cards.

    Args:
        written: paths of all outputs, temporary files included.
        read: paths of the network, its card and the rows; ``-`` is standard input. Empty paths are ignored.

    Raises:
        UsageError: an output is an input, even by another name or through a link, or has the name of a model card.
    """
    read = [path for path in read if path]
    for path in written:
        for other in read:
            if _is_standard_input(path) if other == STANDARD_INPUT else is_same(path, other):
                name = "standard input" if other == STANDARD_INPUT else other
                raise OverwritesInput(
                    f"{path} would overwrite {name}, which is an input.",
                    hint="Choose another path for the prediction.",
                    path=path,
                )
        check_not_card_name(path)


def check_not_card_name(path: str) -> None:
    """Check that a file does not have the name of a model card, because a later run would read it as one.

    Raises:
        UsageError: the name is reserved for model cards.
    """
    if base(path).casefold().endswith(CARD_ENDING):
        raise UsageError(
            f"{path} cannot be written: the name is reserved for model cards.",
            hint=f"Choose a name that does not end in {CARD_ENDING}.",
        )


def check_target(path: str) -> None:
    """Check that a path is a regular file, or does not exist.

    Raises:
        CannotWrite: the path is something else, such as a folder, a link, a pipe or a device.
    """
    if "\0" in path:
        raise CannotWrite(f"{path!r} cannot be written: it is not a valid path.", path=path)
    if not base(path):
        what = "it is a directory" if is_folder(path) else "it names a directory, not a file"
        raise CannotWrite(
            f"{path or repr(path)} cannot be written: {what}.", hint="Specify a file.", path=path
        )
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return  # it does not exist; other errors occur when it is written
    for is_kind, what in _KINDS:
        if is_kind(mode):
            raise CannotWrite(
                f"{path} cannot be written: {what}.",
                hint="Use a regular file, or a path that does not exist yet.",
                path=path,
            )


def check_replaceable(path: str, beginning: bytes, what: str) -> None:
    """Check that an output whose name the user did not choose overwrites only an earlier file of its kind.

    Args:
        path: the file.
        beginning: the first bytes of such a file; an empty file may also be overwritten.
        what: what such a file holds, for messages.

    Raises:
        CannotWrite: the path is taken by a file of another kind.
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
        raise foreign_file(path, f"and does not hold {what}; this run would overwrite it.")


def foreign_file(path: str, problem: str) -> OutputExists:
    """Return the error for an existing file that no run has written.

    Args:
        path: the file.
        problem: the rest of the sentence that begins with ``PATH exists``.
    """
    return OutputExists(
        f"{path} exists {problem}",
        hint="Choose another name for the prediction, or remove that file.",
        path=path,
    )


def _is_standard_input(path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(0))  # noqa: PTH116 - see paths
    except OSError:
        return False
