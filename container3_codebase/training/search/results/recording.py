"""Record a search for experiment tracking: one run, with a nested run and record for each trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pybrain_runtime.errors import CannotResume, PipelineError
from training.fitting.fit import Fit
from training.plan import Plan
from training.recording import RecordedRun, Recording, Value, option_params, tags_of_rows
from training.results.folder import ResultFolder
from training.search.plan import SearchPlan
from training.search.trials import Trial
from training.tracking.nested_runs import TRIALS_FOLDER
from training.tracking.record import FILE, FOLDER, RunRecord, check_links
from training.tracking.record_file import read_record


class SearchRecording(RecordedRun):
    """The recording of a search. The record of a trial is in ``trials/NUMBER`` in the folder of the results.

    Args:
        plan: the search.
        note: shows a note.
    """

    def __init__(self, plan: SearchPlan, note: Callable[[str], None]) -> None:
        super().__init__(plan.options, note)
        self._plan = plan

    def trial(self, trial: Trial) -> None:
        """Record a trial as a nested run, unless it was already recorded before the search was resumed."""
        if self._record is not None:
            parent = self._record.key
            self.guarded(lambda: self._trial(trial, parent))

    def history(self, trials: Sequence[Trial]) -> None:
        """Record the errors of all trials so far, except those already recorded.

        Args:
            trials: the completed trials, in the order of their numbers.
        """
        if self._record is not None:
            record = self._record
            self.guarded(lambda: _record_history(record, trials))

    def final(self, plan: Plan, fit: Fit) -> Recording:
        """Return the recording of the final training run, in the record of the search.

        Args:
            plan: the plan of the run.
            fit: the training run.
        """
        return Recording(plan, fit, self._note, self._record)

    def best(self, plan: Plan) -> None:
        """Record the options of the final training run."""
        if self._record is not None:
            params = option_params(plan.options_of_the_result())
            record = self._record
            self.guarded(lambda: record.params(params))

    def _begin(self) -> None:
        plan = self._plan
        params: dict[str, Value] = {f"range_{one.option}": one.text for one in plan.ranges}
        params |= {"trials": plan.search.trials, "folds": plan.search.folds, "rows": len(plan.table)}
        identity = {**plan.identity(), "trials": plan.search.trials}
        tags = {"scenario": "tune", **tags_of_rows(plan.table)}
        self._begin_record(f"search {plan.name}", identity, params, tags)
        if not self._options.resume:  # unsent records have been moved by now
            _remove_trials(Path(self._options.out))

    def _trial(self, trial: Trial, parent: str) -> None:
        folder = Path(ResultFolder(self._options.out).file(TRIALS_FOLDER)) / f"{trial.number:04d}"
        check_links(folder.parent, folder, folder / FOLDER)
        if _is_recorded(folder, parent):
            return
        with RunRecord.create(
            folder, name=f"trial {trial.number}", experiment=self._options.experiment, parent=parent
        ) as record:
            record.params(dict(trial.values))
            record.tags({"trial": str(trial.number), **({"error": trial.failure} if trial.failure else {})})
            for place, fold in enumerate(trial.folds, 1):
                if not fold.failure:
                    record.metrics(
                        place, {"fold_error": fold.error, f"fold_{self._plan.metric}": fold.metric}
                    )
            if not trial.failure:
                record.metrics(
                    len(trial.folds),
                    {
                        "validation_error": trial.mean, "standard_deviation": trial.deviation,
                        self._plan.metric: trial.metric, "best_epoch": trial.epochs,
                    },
                )  # fmt: skip
            record.end("FAILED" if trial.failure else "FINISHED")


def _record_history(record: RunRecord, trials: Sequence[Trial]) -> None:
    best = float("inf")
    for trial in trials:
        if not trial.failure:
            best = min(best, trial.mean)
            record.metrics(trial.number, {"trial_error": trial.mean, "best_error": best})


def _is_recorded(folder: Path, parent: str) -> bool:
    """Return whether a folder has the complete record of a trial of this search."""
    try:
        found = read_record(folder / FOLDER / FILE)
    except (CannotResume, PipelineError):
        return False
    return found.parent == parent and found.status is not None


def _remove_trials(folder: Path) -> None:
    """Remove the trial records of an earlier search, but no other files."""
    trials = folder / TRIALS_FOLDER
    if trials.is_symlink() or not trials.is_dir():
        return
    for trial in trials.iterdir():
        if trial.name.isdecimal() and not (trial.is_symlink() or (trial / FOLDER).is_symlink()):
            for name in (FILE, "sent.json"):
                with suppress(OSError):
                    (trial / FOLDER / name).unlink()
            with suppress(OSError):
                (trial / FOLDER).rmdir()
                trial.rmdir()
    with suppress(OSError):
        trials.rmdir()
