"""The files of a training: knowledge, card, metrics, history, plots and report, written together or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.atomic_group import commit_together
from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime._io.paths import is_folder, is_same, remove
from pybrain_runtime._io.temporary_files import remove_leftovers
from pybrain_runtime.errors import CannotWrite, OutputExists, OverwritesInput, PipelineError
from training.fitting.fit import EpochErrors

KNOWLEDGE = "currentSolution.pkl"
CARD = "currentSolution.card.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
REPORT = "report.html"
SCORE = "score.json"
CHECKPOINT, REFIT = ".checkpoint.json", ".refit.json"
LOCK = ".lock"
TRIALS, FOLDS, SEARCH, BEST = "trials.csv", "folds.jsonl", "search.json", "best.toml"
JOURNAL = ".search.jsonl"
SEARCH_PLOTS = ("optimization_history", "search_ranges")
PLOTS = tuple(
    f"{stem}.{kind}"
    for stem in ("learning_curve", "confusion_matrix", "predicted_expected", "residuals", *SEARCH_PLOTS)
    for kind in ("png", "svg")
)
NAMES = (KNOWLEDGE, CARD, METRICS, HISTORY, REPORT, TRIALS, FOLDS, SEARCH, BEST, *PLOTS)
"""All files that a run may write."""

_SIZE_LIMIT = 1 << 30


@dataclass(frozen=True)
class Addition:
    """What is written together with the results of a training.

    Attributes:
        files: their bytes by name; the names are some of `NAMES`.
        section: HTML that the report has before the facts of the training.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    section: str = ""


class ResultFolder:
    """The folder of the results of a run.

    Args:
        path: the folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def file(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return f"{self.path}/{name}"

    def prepare(self, names: Sequence[str] = NAMES) -> None:
        """Create the folder if it does not exist, and check that only results of a training would be replaced.

        Args:
            names: the files that may be written or removed.

        Raises:
            CannotWrite: it cannot be created.
            OutputExists: it has one of the files, and no training wrote there.
        """
        try:
            os.makedirs(self.path, exist_ok=True)  # noqa: PTH103 - paths are strings here
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CannotWrite(
                f"{self.path} cannot be created: {reason}.", path=self.path, errno=error.errno
            ) from None
        found = [name for name in names if os.path.lexists(self.file(name))]
        if found and not self._is_of_a_run():
            raise OutputExists(
                f"{self.path} has a {found[0]}, and no results of a training; it would be replaced or removed.",
                path=self.file(found[0]),
            )

    def _is_of_a_run(self) -> bool:
        """Return whether a run has written here: its metrics, or after a kill its checkpoint or journal."""
        return (
            "fit" in self._object(METRICS)
            or "scenario" in self._object(SCORE)
            or "run" in self._object(CHECKPOINT)
            or "search" in self._object(JOURNAL, lines=1)
        )

    def _object(self, name: str, lines: int | None = None) -> Mapping[str, object]:
        """Return the JSON object in a file, or in its first lines; an empty one if it is something else."""
        try:
            with InputFile(self.file(name), "result") as file:
                content = file.read(_SIZE_LIMIT)
            found = json.loads(b"\n".join(content.split(b"\n")[:lines]))
        except (PipelineError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def check_inputs(self, *paths: str) -> None:
        """Check that no result would overwrite a file that is read.

        Args:
            paths: the files that are read; empty ones are ignored.

        Raises:
            OverwritesInput: one would.
        """
        for name in NAMES:
            for path in filter(None, paths):
                if is_same(self.file(name), path):
                    raise OverwritesInput(
                        f"{self.file(name)} would overwrite {path}, which is read.",
                        path=path,
                    )

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write files under their final names, all of them or none, and remove those of earlier runs.

        Args:
            contents: bytes by name; the names are some of `NAMES`.

        Raises:
            CannotWrite: a file cannot be written; the earlier ones are kept.
        """
        remove_leftovers(*(self.file(name) for name in NAMES))
        files: list[AtomicFile] = []
        try:
            for name, content in contents.items():
                files.append(AtomicFile(self.file(name)))
                files[-1].write(content)
                files[-1].finish()
        except BaseException:
            for file in files:
                file.discard()
            raise
        commit_together(files, withdraw=self.file(METRICS))
        for name in NAMES:
            if name not in contents:
                with suppress(OSError):
                    remove(self.file(name))

    def write_one(self, name: str, content: bytes) -> None:
        """Write one file atomically.

        Args:
            name: its name.
            content: its bytes.

        Raises:
            CannotWrite: it cannot be written; an earlier one is kept.
        """
        file = AtomicFile(self.file(name))
        file.write(content)
        file.finish()
        file.commit()
        file.confirm()

    def make_sure_it_is_writable(self) -> None:
        """Check that files can be written, before the time of a training is spent.

        Raises:
            CannotWrite: with the reason.
        """
        assert is_folder(self.path)
        probe = AtomicFile(self.file(METRICS))
        probe.write(bytes(4096))
        probe.discard()


def json_bytes(value: object) -> bytes:
    """Return a value as JSON; NaN and infinity are not allowed."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def history_bytes(history: list[EpochErrors]) -> bytes:
    """Return the errors of all epochs as CSV: half the mean squared error per target value, scaled."""
    lines = ["epoch,train_error,validation_error"]
    lines += [f"{row.epoch},{row.train!r},{row.validation!r}" for row in history]
    return ("\n".join(lines) + "\n").encode()
