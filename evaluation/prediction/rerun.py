"""Rerun the stack with replaced rows and a replaced network; a prediction that is computed changes with both.

Rows and network are replaced in images based on the submission's own, and in the folders that its services mount; then
the stack is run as before. It must show the unpredictable new prediction, and not the old one. If the printed numbers
could match by accident, the stack is run again with other replacements.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from common import atomic_files
from common.project import ACTIVATIONBASE, KNOWLEDGEBASE
from evaluation.compose.roles import Roles
from evaluation.prediction.find_prediction import ObservedPrediction, find_prediction
from evaluation.prediction.labels import find_labels
from evaluation.prediction.replaced_stack import SubmissionFiles, new_folder, replaced_stack
from evaluation.prediction.replacement import Outputs, Replacement, ReplacementFiles
from evaluation.prediction.without_codebase import IdleServiceRuns, RunWithoutCodebase, services_mounting
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry

# Maximum probability that all matches of all reruns are accidental.
ACCIDENT = 1e-4
# An old prediction beside the new one must be less likely than this to be accidental.
_SHOWN_ON_PURPOSE = 1e-3
# Maximum number of reruns, and of failures: a single failure may be random.
_RUNS, _FAILURES = 4, 2
# Maximum number of reruns if only class labels are shown: with two classes, each halves the probability of an accident.
_LABEL_RUNS = 15
FOLLOWS, ROWS, MODEL, FIXED, SILENT, FLOODED = "follows", "rows", "model", "fixed", "silent", "flooded"
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class RerunResult:
    """The result of the reruns.

    Attributes:
        outcome: follows; rows or model (only the other one is used); fixed (neither is used); silent (no prediction
            for the replaced files); flooded (too many numbers to recognise one); elsewhere (the prediction appears
            although codebase is idle); empty if there was no rerun.
        text: what the rerun showed.
        counts_against: whether the prediction earns no points because of it.
        seed: the seed of the replacements.
        runs: the number of reruns.
        chance: the probability that the numbers match by accident.
        delivered: for each data container, whether its replaced file arrived in the shared folder (True) or its old
            file (False); no entry if the file was not replaced, or neither arrived.
        idle: the data containers whose file did not arrive while the other services that mount it were idle.
    """

    outcome: str
    text: str
    counts_against: bool
    seed: int = 0
    runs: int = 0
    chance: float = 1.0
    delivered: Mapping[str, bool] = field(default_factory=dict)
    idle: tuple[str, ...] = ()

    @property
    def fixed(self) -> bool:
        """Whether the prediction does not depend on the rows."""
        return self.outcome in (FIXED, ROWS)


def not_rerun(why: str, *, counts_against: bool = False) -> RerunResult:
    """Return the result for a stack that was not run again.

    Args:
        why: the reason.
        counts_against: whether the prediction earns no points because of it.
    """
    return RerunResult("", f"not run with other rows and another network: {why}", counts_against)


@dataclass(frozen=True)
class RerunInputs:
    """The files of a submission to replace, and the functions that replace and judge them.

    Attributes:
        files: the locations of the rows and the network.
        shows_prediction: whether the stack shows the expected prediction with the old files.
        by_label: whether the stack shows only class labels, so that more runs are needed.
        write_replacement: creates a replacement in an empty folder, from a seed; returns None if there is none.
        judge_rerun: judges a run with replaced files.
        judge_without_codebase: returns what a run with replaced files and an idle codebase shows.
    """

    files: SubmissionFiles
    shows_prediction: bool
    by_label: bool
    write_replacement: Callable[[Path, int], ReplacementFiles | None]
    judge_rerun: Callable[[StackRun, ReplacementFiles], RerunResult]
    judge_without_codebase: Callable[..., RunWithoutCodebase]


def rerun_stack(
    stack: Stack,
    roles: Roles,
    inputs: RerunInputs,
    folder: Path,
    seed: int,
    on_progress: Callable[[str], None],
) -> RerunResult:
    """Rerun the stack with replaced rows and networks until the result is certain.

    Args:
        stack: the stack of the submission.
        roles: which service is which container.
        inputs: the files to replace.
        folder: a working folder of the evaluation.
        seed: seed of the replacements.
        on_progress: called with progress messages.
    """
    for role in (ACTIVATIONBASE, KNOWLEDGEBASE):
        name = inputs.files.name(role)
        if not inputs.files.image_paths.get(role) and not services_mounting(stack.stack, name):
            text = f"{name} was found neither in the image of {role} nor in a mounted folder"
            return not_rerun(text, counts_against=True)
    shown = _RerunEvidence(inputs.shows_prediction, inputs.by_label)
    runs = _LABEL_RUNS if inputs.by_label else _RUNS
    for attempt in range(1, runs + 1):
        replacement = inputs.write_replacement(new_folder(folder, f"replacement{attempt}"), seed + attempt)
        if replacement is None:
            if inputs.by_label:
                return not_rerun("only class labels are shown, and they are the same", counts_against=True)
            return not_rerun("no replacement was found with a clearly different prediction")
        on_progress("running the stack again, with other rows and another network")
        with replaced_stack(stack, roles, inputs.files, replacement, folder, attempt) as replaced:
            run = replaced.run()
            shown.add(replace(inputs.judge_rerun(run, replacement), seed=seed, runs=attempt))
            judge_idle = partial(inputs.judge_without_codebase, replacement=replacement)
            idle = IdleServiceRuns(replaced, roles, inputs.files, run.seconds, judge_idle)
            if shown.may_be_elsewhere:
                on_progress("running the stack again, without codebase")
                shown.add_without_codebase(idle.without_codebase)
            if shown.settled or attempt == runs:
                return replace(shown.result(), idle=idle.not_delivered(replacement))
    raise AssertionError("the last rerun returns")


class _RerunEvidence:
    """The evidence of the reruns so far.

    Args:
        shows_prediction: whether the stack shows the expected prediction with the old files.
        by_label: whether the stack shows only class labels.
    """

    def __init__(self, shows_prediction: bool, by_label: bool = False) -> None:
        self._shows_prediction = shows_prediction
        self._by_label = by_label
        self._failures = 0
        self._chance = 1.0
        self._last = not_rerun("")
        # The files that showed the prediction without codebase in every rerun, and the probability of these accidents.
        self._elsewhere: str | None = None
        self._chance_elsewhere = 1.0

    def add(self, result: RerunResult) -> None:
        """Add the result of a rerun and update the probability that all matches are accidental."""
        if result.outcome == FOLLOWS:
            self._chance *= result.chance
            self._last = replace(result, chance=self._chance)
        else:
            self._failures += 1
            self._last = result
            if self._by_label:  # one failure is allowed, at each of the runs
                self._chance *= _LABEL_RUNS

    @property
    def settled(self) -> bool:
        """Whether no further rerun is needed."""
        if self._last.outcome == FOLLOWS:
            return self._chance <= ACCIDENT
        return self._failures >= _FAILURES or not self._shows_prediction

    @property
    def may_be_elsewhere(self) -> bool:
        """Whether another container may have computed the prediction of the last rerun."""
        return self._last.outcome == FOLLOWS and self._elsewhere != ""

    def add_without_codebase(self, result: RunWithoutCodebase) -> None:
        """Add the result of a run without codebase."""
        self._elsewhere = result.text
        self._chance_elsewhere *= result.chance

    def result(self) -> RerunResult:
        """Return the result of all reruns."""
        last = self._last
        if last.outcome == FOLLOWS and self._elsewhere and self._chance_elsewhere <= _SHOWN_ON_PURPOSE:
            return replace(last, outcome=ELSEWHERE, text=self._elsewhere, counts_against=True)
        if self.settled or last.counts_against:
            return last
        text = "the prediction has too few digits, or is among too many numbers, to rule out an accident"
        if self._by_label:
            text = (
                "the class labels may have been guessed: they were right too rarely to rule out an accident"
            )
        return replace(last, outcome=FLOODED, text=text, counts_against=True)


def delivered(
    replacement: ReplacementFiles, old: Mapping[str, Path], shared: Mapping[str, VolumeEntry]
) -> Mapping[str, bool]:
    """Return which data containers delivered the replaced file or the old one, under any name.

    Args:
        replacement: the replacement.
        old: the old file of each data container.
        shared: the entries of the shared folder after the run.
    """
    digests = {entry.sha256 for entry in shared.values() if entry.kind == "file"}
    delivered_files = {}
    for role, new in replacement.replaced.items():
        arrived = atomic_files.sha256_of(new) in digests
        if arrived or atomic_files.sha256_of(old[role]) in digests:
            delivered_files[role] = arrived
    return delivered_files


def judge_rerun(
    replacement: Replacement, shared: Mapping[str, VolumeEntry], lines: Sequence[str]
) -> RerunResult:
    """Judge a run with replaced files.

    Args:
        replacement: the replacement.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
    """
    replaced_files = " and ".join(
        word
        for word, content in (("other rows", replacement.rows), ("another network", replacement.model))
        if content
    )
    reasons = "".join(f"; {why}" for why in (replacement.why_no_rows, replacement.why_no_model) if why)
    new = _find(replacement, replacement.after, shared, lines)
    if new.flooded:
        return RerunResult(FLOODED, f"with {replaced_files}: {new.shown}", True)
    parts = ((FIXED, replacement.before), (ROWS, replacement.old_rows), (MODEL, replacement.old_model))
    for outcome, prediction in parts:
        old = _find(replacement, prediction, shared, lines)
        if not old.equal or (new.equal and old.chance > _SHOWN_ON_PURPOSE):
            continue
        if new.equal:
            text = f"with {replaced_files}, the old prediction is shown beside the new one: {old.shown}"
            return RerunResult(outcome, text, True)
        return RerunResult(outcome, _TEXTS[outcome].format(what=replaced_files, shown=old.shown), True)
    if new.equal:
        text = f"with {replaced_files}, the prediction changes as expected: {new.shown}{reasons}"
        return RerunResult(FOLLOWS, text, False, chance=new.chance)
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
    text = f"with {replaced_files} of the same form, no matching prediction was found; codebase: {last[:160]}"
    return RerunResult(SILENT, text, True)


def _find(
    replacement: Replacement, outputs: Outputs, shared: Mapping[str, VolumeEntry], lines: Sequence[str]
) -> ObservedPrediction:
    """Search for a prediction, by its class labels if the stack shows nothing else."""
    if replacement.labels:
        return find_labels(outputs, replacement.labels, shared, lines, replacement.classes)
    return find_prediction(outputs, shared, lines)


_TEXTS = {
    FIXED: "with {what}, the prediction is still the old one: {shown}",
    ROWS: "with {what}, the prediction follows the network but not the rows of container 1: {shown}",
    MODEL: "with {what}, the prediction follows the rows but not the network of container 2: {shown}",
}


def fresh_seed() -> int:
    """Return an unpredictable seed."""
    return random.SystemRandom().getrandbits(48)
