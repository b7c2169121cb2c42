"""The scenario `tune`: search for options, then train the final network with the best ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pybrain_runtime.errors import CannotResume, MissingPackage
from training.errors import AllTrialsFailed, Diverged, SearchInterrupted, SearchTimedOut
from training.fitting.checkpoint import Checkpoint
from training.fitting.fit import INTERRUPTED, Fit
from training.observer import Observer, after_epoch
from training.option_sources import Resolved
from training.outcome import Outcome, write_results
from training.plan import Plan, plan_new
from training.plan_fit import make_fit
from training.recording import Recording
from training.results.folder import (
    BEST,
    CHECKPOINT,
    FOLDS,
    JOURNAL,
    SEARCH,
    TRIALS,
    Addition,
    ResultFolder,
)
from training.scenarios import exclusive
from training.search.journal import Journal
from training.search.loop import Search
from training.search.observer import SearchObserver
from training.search.plan import SearchPlan, plan_search
from training.search.proposals import BATCH
from training.search.results.plots import draw_search
from training.search.results.recording import SearchRecording
from training.search.results.report import section_html
from training.search.results.summaries import best_toml, search_json, trials_csv
from training.search.trials import Trial, best_of
from training.search.values import fits
from training.search.workers import make_workers

BY_TRIALS, BY_TIMEOUT = "trials", "timeout"


@dataclass(frozen=True)
class SearchOutcome:
    """A completed search and its final training run.

    Attributes:
        plan: the search.
        trials: the completed trials.
        best: the best trial.
        ended: the reason for the end: ``trials`` or ``timeout``.
        final: the final training run.
    """

    plan: SearchPlan
    trials: tuple[Trial, ...]
    best: Trial
    ended: str
    final: Outcome

    def line(self) -> str:
        """Return a line about the best trial."""
        return self.plan.best_line(self.trials)


def tune(resolved: Resolved, observer: SearchObserver) -> SearchOutcome:
    """Search for options, and train the final network with the best ones.

    Args:
        resolved: all options.
        observer: the observer of the progress.

    Raises:
        SearchInterrupted: a stop was requested; completed folds are in the journal.
        AllTrialsFailed: no trial has a result.
        PipelineError: nothing was written.
    """
    plan = plan_search(resolved)
    folder = ResultFolder(plan.options.out)
    folder.check_inputs(plan.options.data)
    folder.prepare()
    with exclusive(folder):
        folder.make_sure_it_is_writable()
        journal = _journal(plan, folder, observer)
        with SearchRecording(plan, observer.note) as recording:
            with journal:
                trials, ended = _searched(plan, journal, observer, recording)
            best = best_of(trials)
            if best is None:
                raise AllTrialsFailed(len(trials), f"trial {trials[0].number}, {trials[0].failure}")
            final = plan.final(best)
            fit, checkpoint = _begun(final, folder)
            with recording.final(final, fit) as training:
                reason = _trained(final, fit, checkpoint, observer, training)
                recording.best(final)
                addition = _addition(plan, trials, ended, journal, observer)
                outcome = write_results(final, fit, reason, folder, observer, addition)
                training.results(outcome.files, outcome.metrics, outcome.fitted)
            journal.remove()
            checkpoint.remove()
        return SearchOutcome(plan, tuple(trials), best, ended, outcome)


def _journal(plan: SearchPlan, folder: ResultFolder, observer: Observer) -> Journal:
    """Return the journal; with ``resume``, it has the results of the earlier search."""
    journal = Journal(folder.file(JOURNAL), plan.identity())
    if not plan.options.resume:
        Checkpoint(folder.file(CHECKPOINT), {}).remove()
        return journal
    if not (journal.read(journal.path) or journal.read(folder.file(FOLDS))):
        observer.note("There is no journal; the search starts with the first trial.")
    elif not _is_valid(journal, plan):
        raise CannotResume(f"The journal {journal.path} is damaged.")
    else:
        folds = journal.count(plan.search.trials)
        observer.note(f"Continuing after {folds:,} of {plan.search.trials * plan.search.folds:,} folds.")
    return journal


def _is_valid(journal: Journal, plan: SearchPlan) -> bool:
    folds = range(plan.search.folds)
    return all(fits(values, plan.ranges, plan.options.trainer) for values in journal.values.values()) and all(
        fold in folds for results in journal.results.values() for fold in results
    )


def _searched(
    plan: SearchPlan, journal: Journal, observer: SearchObserver, recording: SearchRecording
) -> tuple[list[Trial], str]:
    deadline = float("inf") if plan.search.timeout is None else time.monotonic() + plan.search.timeout

    def stop() -> bool:
        return observer.stop_requested() or time.monotonic() >= deadline

    missing = plan.search.trials * plan.search.folds - journal.count(plan.search.trials)
    workers = make_workers(plan.search.jobs, min(missing, BATCH * plan.search.folds), plan.data)
    try:
        search = Search(plan, journal, workers, observer, recording)
        observer.searching(plan)
        done = search.run(stop)
    finally:
        workers.close()
    if observer.stop_requested():
        raise _interrupted(plan, search.trials)
    recording.history(search.trials)
    if not search.trials:
        raise SearchTimedOut(f"No trial was complete after {plan.search.timeout:g} seconds.")
    return search.trials, BY_TRIALS if done else BY_TIMEOUT


def _begun(final: Plan, folder: ResultFolder) -> tuple[Fit, Checkpoint]:
    """Return the final training run, resumed from the checkpoint of an interrupted run if there is one."""
    fit, checkpoint = make_fit(final), Checkpoint(folder.file(CHECKPOINT), final.identity())
    try:
        checkpoint.restore(fit)
    except CannotResume:  # additional trials have found better options
        checkpoint.remove()
        fit = make_fit(plan_new(final.options, final.table, final.rows, final.split))
    return fit, checkpoint


def _trained(final: Plan, fit: Fit, checkpoint: Checkpoint, observer: Observer, recording: Recording) -> str:
    observer.planned(final)
    try:
        reason = fit.run(after_epoch(checkpoint, observer, recording), observer.stop_requested)
    except Diverged:
        checkpoint.remove()
        raise
    if reason == INTERRUPTED:
        raise SearchInterrupted(
            "The search is complete, but the training of the final network was interrupted."
        )
    return reason


def _addition(
    plan: SearchPlan, trials: Sequence[Trial], ended: str, journal: Journal, observer: Observer
) -> Addition:
    best = best_of(trials)
    assert best is not None
    plots: dict[str, bytes] = {}
    if plan.options.plots:
        try:
            plots = draw_search(trials, plan.ranges)
        except MissingPackage:  # the final training run reports it
            plots = {}
    files = {
        TRIALS: trials_csv(plan, trials),
        FOLDS: journal.complete(plan.search.folds),
        SEARCH: search_json(plan, trials, ended),
        BEST: best_toml(plan, best),
    }
    return Addition({**files, **plots}, section_html(plan, trials, plots))


def _interrupted(plan: SearchPlan, trials: Sequence[Trial]) -> SearchInterrupted:
    return SearchInterrupted(
        f"The search was interrupted; {len(trials):,} of {plan.search.trials:,} trials are complete. The best so "
        f"far is {plan.best_line(trials)}."
        if trials
        else "The search was interrupted before a trial was complete."
    )
