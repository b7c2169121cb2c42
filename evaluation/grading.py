"""Apply a rubric to a submission: every check once, in order, with its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from common.check_status import FAILED, NOT_CHECKED, PASSED
from common.errors import PipelineError
from evaluation.causes.attribution import Checked, attribute
from evaluation.causes.diagnosis import find_faults
from evaluation.errors import CannotCheck, TooCostly, WorkerError
from evaluation.evidence.evidence import Evidence
from evaluation.layout.wording import words_of
from evaluation.result import Cause, Finding, Line, Result
from evaluation.rubric import ONCE, Item, Rubric
from evaluation.sanitize import presentable
from evaluation.traps import find_traps
from evaluation.traps.dockerfiles import look_for_compilers


class Grader:
    """Applies a rubric to a submission, once.

    Args:
        rubric: the checks to carry out.
        evidence: the evidence collected for the submission.
        on_result: called with each result.

    Attributes:
        results: the results so far, by the check's id; complete after `carry_out`, partial after Ctrl-C.
        findings: the known traps that were found.
        causes: why points were lost, the root cause first.
        interrupted: whether the user stopped the evaluation.
    """

    def __init__(
        self, rubric: Rubric, evidence: Evidence, on_result: Callable[[Result], None] = lambda result: None
    ) -> None:
        self.rubric = rubric
        self.evidence = evidence
        self.on_result = on_result
        self.results: dict[str, Result] = {}
        self.findings: tuple[Finding, ...] = ()
        self.causes: tuple[Cause, ...] = ()
        self.interrupted = False
        self._tell: Callable[[Result], Result] = words_of(rubric.layout)

    def carry_out(self) -> None:
        """Carry out every check. After Ctrl-C, the rest is not checked, and the results so far are kept."""
        try:
            for item in self.rubric.items:
                self._keep(self._result(item))
            with suppress(Exception):  # this only looks for advice, and nothing depends on it
                look_for_compilers(self.evidence)
        except KeyboardInterrupt:
            self.interrupted = True
            for item in self.rubric.items:
                if item.id not in self.results:
                    self._keep(_not_checked(item, "the evaluation was interrupted", undecided=True))
        tell: Callable[[Finding], Finding] = words_of(self.rubric.layout)
        try:
            self.findings = tuple(presentable(tell(finding)) for finding in find_traps(self.evidence))
            self._attribute()
        except KeyboardInterrupt:
            self.interrupted = True

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the rubric with their results."""
        return tuple(
            Line(line.title, line.criteria, tuple(self.results[item.id] for item in line.items))
            for line in self.rubric.lines
        )

    def _attribute(self) -> None:
        """Find out which faults the checks failed by."""
        checked = [
            Checked(self.results[item.id], item.check.name, item.needs, _container_of(item))
            for item in self.rubric.items
        ]
        attribution = attribute(checked, find_faults(self.evidence), once=self.rubric.faults == ONCE)
        tell: Callable[[Cause], Cause] = words_of(self.rubric.layout)
        self.results.update({id_: self._tell(result) for id_, result in attribution.results.items()})
        self.causes = tuple(presentable(tell(cause)) for cause in attribution.causes)

    def _keep(self, result: Result) -> None:
        result = presentable(self._tell(result))
        self.results[result.id] = result
        self.on_result(result)

    def _result(self, item: Item) -> Result:
        not_passed = [id_ for id_ in item.needs if self.results[id_].status != PASSED]
        if not_passed:
            titles = "; ".join(self.results[id_].title for id_ in not_passed)
            # A failed one decides this check as well: it earns nothing, whatever the result of the others.
            undecided = all(self.results[id_].undecided for id_ in not_passed)
            reason = (
                "it depends on undecided checks" if undecided else "it depends on checks that did not pass"
            )
            return _not_checked(item, f"{reason}: {titles}", undecided=undecided)
        started = time.monotonic()
        try:
            verdict = self.evidence.verdict(item.check.name, item.check.function, item.parameters)
        except TooCostly as error:
            return _failed(item, error, time.monotonic() - started)
        except PipelineError as error:
            seconds = time.monotonic() - started
            return _not_checked(item, error.message, error.hint, seconds, undecided=_of_environment(error))
        except Exception as error:
            # An internal error in one check must not stop the other checks.
            text = f"internal error of the evaluation, not of the submission: {type(error).__name__}: {error}"
            seconds = time.monotonic() - started
            return _not_checked(item, text, "Please report it, with the submission.", seconds, undecided=True)
        status = NOT_CHECKED if verdict.for_tutor else PASSED if verdict.passed else FAILED
        points = item.points if status == PASSED else 0.0
        hint = "" if verdict.passed else item.hint or verdict.hint
        seconds = time.monotonic() - started
        return Result(
            item.id,
            item.title,
            status,
            points,
            item.points,
            verdict.reason,
            hint,
            round(seconds, 2),
            verdict.evidence,
            undecided=verdict.for_tutor,
            for_tutor=verdict.for_tutor,
        )


def _container_of(item: Item) -> int:
    number = item.parameters.get("container", 0)
    return number if isinstance(number, int) else 0


def _failed(item: Item, error: TooCostly, seconds: float) -> Result:
    """Return the result of a check that exceeded the limits, which fails because the submission is the reason."""
    hint = item.hint or error.hint
    return Result(item.id, item.title, FAILED, 0.0, item.points, error.message, hint, round(seconds, 2))


def _of_environment(error: PipelineError) -> bool:
    """Return whether the environment or the evaluation itself is the reason for an error."""
    return isinstance(error, WorkerError) or (isinstance(error, CannotCheck) and error.of_environment)


def _not_checked(item: Item, reason: str, hint: str = "", seconds: float = 0.0, *, undecided: bool) -> Result:
    return Result(
        item.id, item.title, NOT_CHECKED, 0.0, item.points, reason, hint, round(seconds, 2), undecided=undecided
    )  # fmt: skip
