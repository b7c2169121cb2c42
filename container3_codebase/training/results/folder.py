"""Write the files of a training run (knowledge, card, metrics, history, plots and report), all or none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pybrain_runtime.errors import CannotWrite, OutputExists, OverwritesInput, PipelineError
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.atomic_group import commit_together
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.paths import is_folder, is_same, remove
from pybrain_runtime.io.temporary_files import remove_leftovers
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
    """Additional content that is written with the results of a training run.

    Attributes:
        files: the contents by file name, which must be among `NAMES`.
        section: HTML to insert in the report before the facts of the run.
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
        """Create the folder if it does not exist, and check that only results of training runs would be replaced.

        Args:
            names: the files that may be written or removed.

        Raises:
            CannotWrite: the folder cannot be created.
            OutputExists: the folder has one of the files, but not from a training run.
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
                f"{self.path} has a {found[0]} that is not from a training run; it would be replaced or removed.",
                path=self.file(found[0]),
            )

    def _is_of_a_run(self) -> bool:
        """Return whether the folder has the metrics of a run, or the checkpoint or journal of a killed run."""
        return (
            "fit" in self._object(METRICS)
            or "scenario" in self._object(SCORE)
            or "run" in self._object(CHECKPOINT)
            or "search" in self._object(JOURNAL, lines=1)
        )

    def _object(self, name: str, lines: int | None = None) -> Mapping[str, object]:
        """Return the JSON object in a file or in its first lines; an empty one if there is none."""
        try:
            with InputFile(self.file(name), "result") as file:
                content = file.read(_SIZE_LIMIT)
            found = json.loads(b"\n".join(content.split(b"\n")[:lines]))
        except (PipelineError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def check_inputs(self, *paths: str) -> None:
        """Check that no result would overwrite an input file.

        Args:
            paths: the input files; empty paths are ignored.

        Raises:
            OverwritesInput: a result would overwrite an input file.
        """
        for name in NAMES:
            for path in filter(None, paths):
                if is_same(self.file(name), path):
                    raise OverwritesInput(
                        f"{self.file(name)} would overwrite the input file {path}.",
                        path=path,
                    )

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write files under their final names, all or none, and remove those of earlier runs.

        Args:
            contents: the contents by file name, which must be among `NAMES`.

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
            name: the name of the file.
            content: the content of the file.

        Raises:
            CannotWrite: the file cannot be written; an earlier one is kept.
        """
        file = AtomicFile(self.file(name))
        file.write(content)
        file.finish()
        file.commit()
        file.confirm()

    def make_sure_it_is_writable(self) -> None:
        """Check that files can be written, before time is spent on training.

        Raises:
            CannotWrite: files cannot be written; the message has the reason.
        """
        assert is_folder(self.path)
        probe = AtomicFile(self.file(METRICS))
        probe.write(bytes(4096))
        probe.discard()


def json_bytes(value: object) -> bytes:
    """Encode a value as JSON; NaN and infinity are not allowed."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def history_bytes(history: list[EpochErrors]) -> bytes:
    """Encode the errors of all epochs as CSV: half the mean squared error per scaled target value."""
    lines = ["epoch,train_error,validation_error"]
    lines += [f"{row.epoch},{row.train!r},{row.validation!r}" for row in history]
    return ("\n".join(lines) + "\n").encode()
