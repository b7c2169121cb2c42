"""Record a training run for experiment tracking: its parameters, the errors of its epochs, and its results."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pybrain_runtime import __version__
from pybrain_runtime.errors import CannotResume, PipelineError
from training.errors import SearchInterrupted
from training.fitting.fit import EpochErrors, Fit
from training.options import TrainingOptions
from training.plan import Plan
from training.results.folder import KNOWLEDGE, PLOTS
from training.rows.table import Table
from training.tracking.launch import Sender
from training.tracking.record import FILE, FOLDER, RunRecord, Status, check_links
from training.tracking.record_file import read_record
from training.tracking.unsent_runs import expect, keep_unsent

_IDENTITY = "training"
_AFTER_AN_ERROR = 5.0
_SCALARS = ("accuracy", "f1", "mae", "rmse", "r2")
Value = str | int | float | bool | None


class RecordedRun:
    """A recorded run, used as a context manager.

    The run does not depend on its record: if the record cannot be written, a note is shown and the run continues.

    Args:
        options: the options, with the folder of the results and the tracking options.
        note: shows a note.
    """

    def __init__(self, options: TrainingOptions, note: Callable[[str], None]) -> None:
        self._options = options
        self._note = note
        self._record: RunRecord | None = None
        self._sender: Sender | None = None
        self._status: Status = "FINISHED"

    def __enter__(self) -> Self:
        self.guarded(self._begin)
        uri = self._options.tracking_uri
        if self._record is not None and uri:
            self._sender = Sender.start(Path(self._options.out), uri)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, SearchInterrupted):
            self._status = "KILLED"
        elif isinstance(error, PipelineError):
            self.guarded(lambda: self._failed(error.message))
        elif error is not None:
            self._status = "FAILED" if isinstance(error, Exception) else "KILLED"
        self.guarded(self._end)
        if self._sender is not None:
            self._note(self._sender.finish(self._longest_wait(error)))

    def _longest_wait(self, error: BaseException | None) -> float:
        """Return the time to wait for the server, in seconds: short after an error or an interruption."""
        most = math.inf if error is None else _AFTER_AN_ERROR if isinstance(error, PipelineError) else 0.0
        return min(most, self._options.tracking_wait)

    def guarded(self, write: Callable[[], None]) -> None:
        """Write to the record; if this fails, show a note and stop recording."""
        try:
            write()
        except (PipelineError, OSError) as error:
            if self._record is not None:
                with suppress(PipelineError, OSError):
                    self._record.close()
            self._record = None
            self._note(
                f"{getattr(error, 'message', error)} This training run is no longer recorded for tracking."
            )

    def _begin(self) -> None:
        raise NotImplementedError

    def _begin_record(
        self, name: str, identity: Mapping[str, object], params: Mapping[str, Value], tags: Mapping[str, str]
    ) -> RunRecord:
        """Create a record, or continue that of the same run if it is being resumed and has not ended."""
        folder, digest = Path(self._options.out), _digest(identity)
        check_links(folder / FOLDER)
        if self._options.resume and _is_of(folder, digest):
            self._record = record = RunRecord.reopen(folder)
        else:
            keep_unsent(folder)
            self._record = record = RunRecord.create(folder, name=name, experiment=self._options.experiment)
            record.params(params)
        record.tags({**tags, _IDENTITY: digest})
        if self._options.tracking_uri:
            expect(folder, self._options.tracking_uri, record.key)
        return record

    def _failed(self, message: str) -> None:
        self._status = "FAILED"
        if self._record is not None:
            self._record.tags({"error": message})

    def _end(self) -> None:
        if self._record is not None:
            self._record.end(self._status)
            self._record.close()


class Recording(RecordedRun):
    """The recording of a training run.

    Args:
        plan: the plan of the run.
        fit: the training run; if resumed, with its epochs so far.
        note: shows a note.
        search: the record of the search that this run concludes; None to create a separate record.
    """

    def __init__(
        self, plan: Plan, fit: Fit, note: Callable[[str], None], search: RunRecord | None = None
    ) -> None:
        super().__init__(plan.options, note)
        self._plan = plan
        self._fit = fit
        self._search = search

    def epoch(self, errors: EpochErrors) -> None:
        """Record the errors of an epoch."""
        if self._record is not None:
            values = {"train_error": errors.train, "validation_error": errors.validation}
            record, step = self._record, errors.epoch
            self.guarded(lambda: record.metrics(step, values))

    def results(
        self, files: Mapping[str, str], metrics: Mapping[str, object], fitted: Mapping[str, object]
    ) -> None:
        """Record the results.

        Args:
            files: the SHA-256 of each file, by its name in the folder of the results.
            metrics: the metrics of each part of the split.
            fitted: the end of training: epochs, best epoch, reason, whether it was interrupted.
        """
        interrupted = bool(fitted["interrupted"])
        self._status = "KILLED" if interrupted else "FINISHED"
        self.guarded(lambda: self._results(files, metrics, fitted, interrupted))

    def __enter__(self) -> Self:
        if self._search is None:
            return super().__enter__()
        self._record = self._search
        self._record_history()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._search is None:
            super().__exit__(kind, error, traceback)

    def _begin(self) -> None:
        plan = self._plan
        self._begin_record(plan.card.name, plan.identity(), _params(plan), _tags(plan))
        self._record_history()

    def _record_history(self) -> None:
        for errors in self._fit.state.history:
            self.epoch(errors)

    def _results(
        self,
        files: Mapping[str, str],
        metrics: Mapping[str, object],
        fitted: Mapping[str, object],
        interrupted: bool,
    ) -> None:
        record, options = self._record, self._plan.options
        if record is None:
            return
        record.tags({"interrupted": str(interrupted).lower(), "ended_because": str(fitted["reason"])})
        record.metrics(self._fit.state.epoch, _scalars(metrics, fitted))
        for file, digest in files.items():
            record.artifact(file, "plots" if file in PLOTS else "", digest)
        register = "" if interrupted else options.register or options.name
        record.model(KNOWLEDGE, register=register or None, alias=options.alias or None if register else None)


def _is_of(folder: Path, identity: str) -> bool:
    """Return whether the record in a folder belongs to a given run that has not finished."""
    try:
        found = read_record(folder / FOLDER / FILE)
    except (CannotResume, PipelineError):
        return False
    return found.tags.get(_IDENTITY) == identity and found.status != "FINISHED"


def _params(plan: Plan) -> dict[str, Value]:
    return {
        **option_params(plan.options_of_the_result()),
        "task": plan.rows.task,
        "target": ",".join(plan.rows.targets),
        "features": ",".join(plan.rows.features),
        "rows": len(plan.table),
        "parameters": int(plan.network.paramdim),
    }


def option_params(options: Mapping[str, object]) -> dict[str, Value]:
    """Return options as parameters of a run, omitting those without a value."""
    values = {key: _value(value) for key, value in options.items()}
    return {key: value for key, value in values.items() if value not in (None, "")}


def _value(value: object) -> Value:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return value if isinstance(value, str | int | float | bool) else None


def _tags(plan: Plan) -> dict[str, str]:
    tags = {
        "scenario": plan.scenario,
        **tags_of_rows(plan.table),
        "refined_sha256": plan.origin,
        "mlflow.note.content": plan.card.description,  # shown as the description of the run
        "mlflow.source.name": f"app07 {plan.scenario}",
    }
    return {key: value for key, value in tags.items() if value}


def tags_of_rows(table: Table) -> dict[str, str]:
    """Return tags with the rows and the software versions of a run."""
    return {
        "rows_file": table.name,
        "rows_sha256": table.sha256,
        "written_by": f"app07 {__version__}",
    }


def _scalars(metrics: Mapping[str, object], fitted: Mapping[str, object]) -> dict[str, float]:
    values: dict[str, object] = {f"{key}": fitted[key] for key in ("best_epoch", "best_validation_error")}
    for part, found in metrics.items():
        if isinstance(found, Mapping):
            values |= {f"{part}_{key}": found[key] for key in _SCALARS if key in found}
    return {key: float(value) for key, value in values.items() if isinstance(value, int | float)}


def _digest(identity: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
