"""Tables as request bodies: CSV, JSON lines, Parquet and Arrow streams, by content type."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pybrain_runtime.errors import ActivationError, CannotWrite, MissingPackage
from pybrain_runtime.io.optional_packages import has_arrow
from pybrain_runtime.io.record import NOTHING
from pybrain_runtime.io.signatures import GZIP
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.runs.activate_file import activate_file
from pybrain_runtime.runs.options import StreamOptions
from pybrain_runtime.runs.outcome import Progress
from pybrain_runtime.runs.partial_output import partial_path
from pybrain_runtime.tables.formats.registry import FORMATS, detect_format, format_named
from serving.errors import InvalidInstance, NoSpace, NotAcceptable, PayloadTooLarge, UnsupportedMediaType
from serving.settings import RequestLimits

TABLE_TYPES: Mapping[str, str] = {kind: each.name for each in reversed(FORMATS) for kind in each.media_types}
"""The names of the formats by content type."""
_WORTH_ARROW = 128 * 1024
"""Minimum size in bytes of a table that is read with pyarrow."""


def answer_type(accept: str, kind: str) -> str:
    """Return the content type of the response: the first accepted table type, otherwise that of the request.

    Args:
        accept: the Accept header.
        kind: the content type of the request.

    Raises:
        NotAcceptable: the client accepts no table type.
    """
    accepted = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    for each in accepted:
        if each in TABLE_TYPES:
            return each
    if not accepted or any(each in ("*/*", kind.partition("/")[0] + "/*") for each in accepted):
        return kind
    raise NotAcceptable(f"Accept is {accept[:60]!a}; this route returns tables as {', '.join(TABLE_TYPES)}.")


def predict_file(
    knowledge: Knowledge,
    rows: Path,
    kind: str,
    answer: str,
    precision: str,
    limits: RequestLimits,
    reserve: Callable[[int], None] = lambda size: None,
) -> tuple[Path, int]:
    """Run a model on the rows of a file, in bounded memory.

    Args:
        knowledge: the network and its card.
        rows: the file; the prediction is written beside it.
        kind: the content type of the file.
        answer: the content type of the prediction.
        precision: ``float64`` or ``float32``.
        limits: the limits on the size and time of the prediction.
        reserve: called with the size of the prediction so far in bytes; it may raise an error.

    Returns:
        The file with the prediction, and the number of its rows.

    Raises:
        InvalidInstance: the rows do not fit the network or the format.
        UnsupportedMediaType: the content is of the wrong type, or a package for it is not installed.
        PayloadTooLarge: the prediction is too large, or takes too long.
        NoSpace: there is no disk space for the prediction.
    """
    _check_content(rows, kind)
    output = rows.with_name("prediction" + _ending(answer))
    # A server imports pyarrow only once, so pyarrow pays off for smaller files than in a single run.
    fast = True if has_arrow() and rows.stat().st_size > _WORTH_ARROW else None
    options = StreamOptions(precision=precision, threads=1, checkpoint=float("inf"), fast=fast)
    try:
        outcome = activate_file(
            knowledge,
            rows,
            output,
            options,
            on_progress=_limiter(rows, Path(partial_path(str(output))), limits, reserve),
        )
    except ActivationError as error:
        raise InvalidInstance(error.message, **_place(error)) from None
    except MissingPackage as error:
        raise UnsupportedMediaType(error.message) from None
    except CannotWrite:
        raise NoSpace("There is no disk space for the prediction of this table.") from None
    return output, outcome.prediction.rows


def _check_content(rows: Path, kind: str) -> None:
    with rows.open("rb") as file:
        start = file.read(64)
    found = detect_format(start).name
    if start.startswith(GZIP) or found != TABLE_TYPES[kind]:
        what = "compressed with gzip" if start.startswith(GZIP) else found
        raise UnsupportedMediaType(f"The content type is {kind}, but the content is {what}.")


def _ending(kind: str) -> str:
    return format_named(TABLE_TYPES[kind]).suffixes[0]


def answer_size(rows: Path) -> int:
    """Return the size of the files beside the one with the rows: the prediction, complete or not."""
    size = 0
    with os.scandir(rows.parent) as entries:
        for entry in entries:
            if entry.name != rows.name:
                with suppress(OSError):  # the file has just been renamed
                    size += entry.stat(follow_symlinks=False).st_size
    return size


def _limiter(
    rows: Path, written: Path, limits: RequestLimits, reserve: Callable[[int], None]
) -> Callable[[Progress], None]:
    """Return a function that aborts a run beyond its limits: a small file may have any number of rows."""
    deadline = time.monotonic() + limits.table_seconds

    def check(progress: Progress) -> None:
        if time.monotonic() > deadline:
            raise PayloadTooLarge(
                f"The table takes longer than {limits.table_seconds:g} s; {progress.rows} rows were predicted. "
                "Send it in parts.",
                limit=int(limits.table_seconds),
            )
        if written.stat().st_size > limits.answer:
            raise PayloadTooLarge(
                f"The prediction exceeds the limit of {limits.answer} bytes after {progress.rows} rows. "
                "Send the table in parts.",
                limit=limits.answer,
            )
        reserve(answer_size(rows))

    return check


def _place(error: ActivationError) -> Mapping[str, int]:
    found = {"line": error.line, "column": error.column}
    return {name: value for name, value in found.items() if value is not None} or NOTHING
