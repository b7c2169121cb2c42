"""The journal of a search: a line for each completed fold, from which a killed search resumes."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from pybrain_runtime.errors import CannotResume, CannotWrite
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.open_flags import WRITE_OR_RESUME
from pybrain_runtime.io.paths import remove_if_there, rename
from training.search.ranges import Value, Values
from training.search.trials import FoldResult

_SIZE_LIMIT = 1 << 30
_VERSION = 1

Results = dict[int, dict[int, FoldResult]]
"""The results by trial and fold."""


class Journal:
    """Appends results to a file; each is written when the call returns.

    Args:
        path: the journal file.
        run: the identity of the search.

    Attributes:
        values: the values of the trials, by trial number.
        results: the results so far.
    """

    def __init__(self, path: str, run: Mapping[str, object]) -> None:
        self.path = path
        self._run: dict[str, object] = json.loads(json.dumps(run))  # tuples become lists, as in the file
        self.values: dict[int, Values] = {}
        self.results: Results = {}
        self._descriptor = -1

    def read(self, path: str) -> bool:
        """Read the lines of a journal.

        Args:
            path: the file.

        Returns:
            Whether the file exists.

        Raises:
            CannotResume: the journal belongs to another search, or is damaged.
        """
        if not os.path.lexists(path):
            return False
        with InputFile(path, "journal") as file:
            lines = file.read(_SIZE_LIMIT).split(b"\n")
        if len(lines) == 1:  # the process ended before the first line was complete
            return False
        try:
            self._check_head(json.loads(lines[0]), path)
            for line in lines[1:-1]:  # a last line without a line break is incomplete
                self._take(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CannotResume(f"The journal {path} is damaged.") from None
        return True

    def __enter__(self) -> Self:
        """Rewrite the file with the results so far, and keep it open.

        Raises:
            CannotWrite: the file cannot be written; an earlier one is kept.
        """
        partial = self.path + ".new"
        self._descriptor = self._opened(partial)
        self._write(journal_bytes(self._run, self.values, self.results))
        rename(partial, self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def add(self, trial: int, values: Values, fold: int, result: FoldResult) -> None:
        """Append the result of a fold.

        Args:
            trial: the number of the trial.
            values: the values of the trial.
            fold: the index of the fold.
            result: the result of the fold.

        Raises:
            CannotWrite: the line cannot be written.
        """
        self.values[trial] = values
        self.results.setdefault(trial, {})[fold] = result
        self._write(_line(trial, values, fold, result))

    def count(self, trials: int) -> int:
        """Return the number of results.

        Args:
            trials: the number of trials whose results are counted.
        """
        return sum(len(found) for trial, found in self.results.items() if trial <= trials)

    def complete(self, folds: int) -> bytes:
        """Return the journal of the completed trials, in their order.

        Args:
            folds: the number of folds.
        """
        done = {trial: found for trial, found in self.results.items() if len(found) == folds}
        return journal_bytes(self._run, self.values, done)

    def remove(self) -> None:
        """Remove the file."""
        for path in (self.path, self.path + ".new"):
            with suppress(OSError):
                remove_if_there(path)

    def _opened(self, path: str) -> int:
        try:
            remove_if_there(path)
            return os.open(path, WRITE_OR_RESUME, 0o644)
        except OSError as error:
            raise _cannot_write(path, error) from None

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def _check_head(self, head: dict[str, Any], path: str) -> None:
        if head["version"] != _VERSION:
            raise CannotResume(f"The journal {path} was written by another version of this program.")
        found = head["search"]
        different = [key for key in {**self._run, **found} if found.get(key) != self._run.get(key)]
        if different:
            facts = ", ".join(
                f"{key} was {found.get(key)!r} and is {self._run.get(key)!r}" for key in different[:3]
            )
            raise CannotResume(f"The journal {path} belongs to another search: {facts}.")

    def _take(self, line: dict[str, Any]) -> None:
        result = FoldResult.failed(str(line["failure"])) if "failure" in line else FoldResult(
            _whole(line["epochs"]), _whole(line["best_epoch"]), _finite(line["error"]), _finite(line["metric"]),
        )  # fmt: skip
        trial = _whole(line["trial"])
        self.values.setdefault(trial, {str(key): _value(value) for key, value in line["values"].items()})
        self.results.setdefault(trial, {})[_whole(line["fold"])] = result


def journal_bytes(run: Mapping[str, object], values: Mapping[int, Values], results: Results) -> bytes:
    """Return a journal in the order of trials and folds.

    Args:
        run: the identity of the search.
        values: the values of the trials, by trial number.
        results: the results of the folds.
    """
    head = json.dumps({"version": _VERSION, "search": dict(run)}, ensure_ascii=False) + "\n"
    lines: Iterable[bytes] = (
        _line(trial, values[trial], fold, results[trial][fold])
        for trial in sorted(results)
        for fold in sorted(results[trial])
    )
    return head.encode() + b"".join(lines)


def _line(trial: int, values: Values, fold: int, result: FoldResult) -> bytes:
    about: dict[str, object] = {"trial": trial, "values": dict(values), "fold": fold}
    if result.failure:
        about["failure"] = result.failure
    else:
        about |= {
            "epochs": result.epochs,
            "best_epoch": result.best_epoch,
            "error": result.error,
            "metric": result.metric,
        }
    return (json.dumps(about, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("expected a whole number")
    return value


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def _value(value: object) -> Value:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else _finite(value)


def _cannot_write(path: str, error: OSError) -> CannotWrite:
    reason = (error.strerror or str(error)).lower()
    return CannotWrite(f"{path} cannot be written: {reason}.", path=path, errno=error.errno)
