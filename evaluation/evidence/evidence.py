"""The evidence of one submission: each fact is computed once, when it is first needed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from common import atomic_files
from common.project import ACTIVATIONBASE, KNOWLEDGEBASE
from evaluation.evidence.facts import Fact, fact, fact_about
from evaluation.evidence.file_evidence import model_and_data
from evaluation.evidence.outputs import OutputEvidence
from evaluation.fault import Fault
from evaluation.prediction.replaced_stack import SubmissionFiles
from evaluation.prediction.replacement import (
    ReplacementFiles,
    load_replacement,
    save_replacement,
)
from evaluation.prediction.replacement_search import find_replacement
from evaluation.prediction.rerun import (
    RerunInputs,
    RerunResult,
    delivered,
    fresh_seed,
    judge_rerun,
    not_rerun,
    rerun_stack,
)
from evaluation.prediction.without_codebase import RunWithoutCodebase, inspect_run_without_codebase
from evaluation.result import Verdict
from evaluation.sandbox.stack_run import StackRun

_MOST_MATCHES = 10_000
# Time limit of further runs of a stack that does not end: a multiple of the time until its prediction, plus seconds.
_SLACK, _LEAST_SECONDS = 3, 20.0


@dataclass(frozen=True)
class DetectorResult:
    """The places where a detector found a trap.

    Attributes:
        places: the first places, as pairs of location and message.
        count: how many there are.
    """

    places: tuple[tuple[str, str], ...]
    count: int


class Evidence(OutputEvidence):
    """The evidence that checks and traps use.

    On its own it reads every file in this process; an evaluation uses `GuardedEvidence`, which has workers read them.
    """

    # --- the prediction with other rows and another network

    @fact()
    def rerun(self) -> RerunResult:
        """Run the stack again to see whether the prediction follows other rows and another network."""
        roles = self.roles
        if why := self.why_not_expected:
            return not_rerun(why)
        missing = [role for role in roles.expected if not roles.service(role)]
        if missing:
            return not_rerun(f"no service runs {missing[0]}", counts_against=True)
        stack = self.stack
        paths = {
            role.name: self.copies(stack.images[roles.service(role.name)], role, role.file)
            for role in self.places.containers
            if role.name in (ACTIVATIONBASE, KNOWLEDGEBASE)
        }
        files = SubmissionFiles(self.places.rows, self.places.model, paths)
        by_label = self.is_right(self.run) and self.observed_prediction(self.run).by_label
        inputs = RerunInputs(
            files,
            self.is_right(self.run),
            by_label,
            partial(self.write_replacement, readings=self.shown_readings(self.run), by_label=by_label),
            self.rerun_result,
            self.result_without_codebase,
        )
        if self.run.stopped and inputs.shows_prediction:  # the stack shows its prediction, but does not end
            stack = stack.with_time_limit(_SLACK * self.run.last_result + _LEAST_SECONDS)
        return rerun_stack(stack, roles, inputs, self.folder, fresh_seed(), self.engine.on_progress)

    @fact_about(lambda self, folder, seed, readings, by_label: model_and_data(self))
    def write_replacement(
        self, folder: Path, seed: int, readings: tuple[str, ...], by_label: bool
    ) -> ReplacementFiles | None:
        """Write replacement rows and a replacement network to files; None if no replacement was found.

        Args:
            folder: an empty folder for the files.
            seed: the seed of the random choices.
            readings: the readings that the stack shows, as described in messages.
            by_label: whether the stack shows only class labels.
        """
        model_path = self.submission.path(self.places.model)
        data_path = self.submission.path(self.places.rows)
        before = self.expected.outputs_of(readings)
        labels = self.expected.labels if by_label else ()
        replacement = find_replacement(model_path, data_path, before, folder, seed, readings, labels)
        return None if replacement is None else save_replacement(replacement, folder)

    @fact_about(
        lambda self, run, replacement: "what the run with other rows and another network left and printed"
    )
    def rerun_result(self, run: StackRun, replacement: ReplacementFiles) -> RerunResult:
        """Judge what a run with other rows and another network shows.

        Args:
            run: the run.
            replacement: the files that were replaced.
        """
        result = judge_rerun(load_replacement(replacement), run.shared, run.lines_of(self.roles.code))
        old = {
            ACTIVATIONBASE: self.submission.path(self.places.rows),
            KNOWLEDGEBASE: self.submission.path(self.places.model),
        }
        return replace(result, delivered=delivered(replacement, old, run.shared))

    @fact_about(lambda self, run, replacement: "what the run without codebase left")
    def result_without_codebase(self, run: StackRun, replacement: ReplacementFiles) -> RunWithoutCodebase:
        """Return what a run shows if codebase did nothing in it.

        Args:
            run: the run.
            replacement: the files that were replaced.
        """
        digests = {role: atomic_files.sha256_of(path) for role, path in replacement.replaced.items()}
        return inspect_run_without_codebase(load_replacement(replacement), digests, run)

    # --- checks and traps

    def verdict(
        self, check: str, function: Callable[..., Verdict], parameters: Mapping[str, object]
    ) -> Verdict:
        """Carry out a check.

        Args:
            check: the name of the check.
            function: the function of the check.
            parameters: the parameters from the rubric.
        """
        return function(self, **parameters)

    def detect(
        self, detector: str, function: Callable[..., Iterable[tuple[str, str]]], limit: int
    ) -> DetectorResult:
        """Return the locations where a detector finds its trap.

        Args:
            detector: the name of the detector.
            function: the function of the detector.
            limit: the maximum number of returned places.
        """
        places = list(dict.fromkeys(itertools.islice(function(self), _MOST_MATCHES)))
        return DetectorResult(tuple(places[:limit]), len(places))

    def diagnose(self, name: str, function: Callable[..., Iterable[Fault]]) -> tuple[Fault, ...]:
        """Return the faults that a function finds.

        Args:
            name: the name of the function.
            function: looks for faults; it builds and runs nothing.
        """
        return tuple(function(self))


FACTS: Mapping[str, Fact[..., object]] = {
    name: value
    for kind in reversed(Evidence.__mro__)
    for name, value in vars(kind).items()
    if isinstance(value, Fact)
}
