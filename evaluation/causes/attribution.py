"""Attribute the checks that did not pass to faults: those that a fault broke itself, and those that only followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common.check_status import FAILED, PASSED
from evaluation.fault import (
    ALONE,
    BUILD,
    CONTENT,
    COPY,
    DEPENDENCIES,
    HOLDS,
    LIBRARY,
    PREDICTION,
    RUN,
    SERVICES,
    STACK,
    STATUS,
    SYNTAX,
    Fault,
)
from evaluation.result import Cause, Result

# The part of the pipeline that a check examines, followed by the container's number if each container has its own.
_PARTS = {
    "image_builds": BUILD, "image_holds_its_file": HOLDS, "prints_its_rows": ALONE, "lists_its_model": ALONE,
    "imports_pybrain": LIBRARY, "compose_syntax": SYNTAX, "compose_services": SERVICES,
    "compose_dependencies": DEPENDENCIES, "compose_orchestration": STACK, "compose_status": STATUS,
    "shared_file_is_there": COPY, "shared_file_is_the_same": CONTENT, "prediction_equals": PREDICTION,
    "imports_framework": LIBRARY, "output_is_there": PREDICTION, "output_has_rows": PREDICTION,
    "output_follows_file": PREDICTION, "output_is_right": PREDICTION,
}  # fmt: skip
_OF_CONTAINER = (BUILD, HOLDS, ALONE, COPY, CONTENT)
_RANKS = (
    (BUILD,), (SYNTAX,), (SERVICES, STACK, STATUS, PREDICTION, COPY, CONTENT, LIBRARY), (HOLDS, ALONE, DEPENDENCIES),
)  # fmt: skip


_LONGEST_TITLE = 140


@dataclass(frozen=True)
class Checked:
    """A check with its result, and what it depends on.

    Attributes:
        result: the result of the check.
        check: the name of the check function.
        needs: the ids of the checks that must have passed.
        container: the number of the container that it examines; 0 if there is none.
    """

    result: Result
    check: str
    needs: tuple[str, ...] = ()
    container: int = 0

    @property
    def part(self) -> str:
        """The part of the pipeline that the check examines; empty if it examines a document."""
        part = _PARTS.get(self.check, "")
        return f"{part}{self.container}" if part in _OF_CONTAINER and self.container else part


@dataclass(frozen=True)
class Attribution:
    """The causes of lost points, and the results that refer to them.

    Attributes:
        results: all results by id; a result that only follows from a cause refers to it.
        causes: why points were lost, the root cause first.
    """

    results: Mapping[str, Result]
    causes: tuple[Cause, ...]


def attribute(checked: Sequence[Checked], faults: Sequence[Fault], *, once: bool = False) -> Attribution:
    """Attribute every check that did not pass to one cause.

    Args:
        checked: the checks, in the order of the rubric.
        faults: the faults that were diagnosed; each may explain those after it.
        once: whether a check that only follows from a fault costs no further points.
    """
    known = {fault.id: fault for fault in faults}
    own: dict[str, list[str]] = {}
    following: dict[str, list[str]] = {}
    caused_by: dict[str, str] = {}
    same_reason: dict[str, str] = {}
    first_broken = ""
    for one in checked:
        if one.result.status == PASSED or one.result.undecided:
            continue
        cause, follows = _cause_of(one, faults, caused_by, first_broken)
        # A run that cannot start for another reason, such as a missing image of an extra service, is also a fault.
        if not cause and (one.result.status == FAILED or one.part.rstrip("0123456789") in RUN):
            cause, follows = same_reason.setdefault(one.result.reason, one.result.id), False
            known.setdefault(cause, _of_check(one))
        if cause:
            caused_by[one.result.id] = cause
            if one.part.rstrip("0123456789") in (BUILD, SYNTAX, SERVICES):
                first_broken = first_broken or cause
            (following if follows else own).setdefault(cause, []).append(one.result.id)
    # A fault whose own part is not checked, or passes, is reported anyway if something follows from it.
    results = {one.result.id: one.result for one in checked}
    for cause, ids in following.items():
        paid = any(results[id_].of > 0 for id_ in own.get(cause, ()))
        for id_ in ids:
            excused = once and paid and not known[cause].missing
            points = results[id_].of if excused else results[id_].points
            results[id_] = replace(results[id_], follows=cause, excused=excused, points=points)
    parts = {one.result.id: one.part for one in checked}
    causes = [
        _cause(known[name], (*own.get(name, ()), *following.get(name, ())))
        for name in dict.fromkeys(caused_by.values())
    ]
    return Attribution(results, tuple(sorted(causes, key=lambda cause: _order(cause, results, parts))))


def _cause_of(
    one: Checked, faults: Sequence[Fault], caused_by: Mapping[str, str], first_broken: str
) -> tuple[str, bool]:
    """Return the id of the cause of a check that did not pass, and whether the check only follows from it.

    Args:
        one: the check.
        faults: the faults that were diagnosed.
        caused_by: the causes of the checks above it.
        first_broken: the cause that keeps the stack from being run; empty if there is none.
    """
    if one.result.status == FAILED and one.part:
        for fault in faults:
            if one.part in fault.breaks:
                return fault.id, False
        for fault in faults:
            if one.part in fault.stops:
                return fault.id, True
    for need in one.needs:
        if need in caused_by:
            return caused_by[need], True
    runs = one.part.rstrip("0123456789") in RUN and one.result.status != FAILED
    return (first_broken, True) if runs and first_broken else ("", False)


def _of_check(one: Checked) -> Fault:
    """Return a failed check as a fault of its own, with the reason as its title, shortened if necessary."""
    result = one.result
    reason = result.reason.strip().rstrip(".")
    if reason.partition(" ")[0] in ("the", "there", "no", "a", "an", "it", "some", "with", "without"):
        reason = reason[0].upper() + reason[1:]
    title = reason if len(reason) <= _LONGEST_TITLE else f"{reason[:_LONGEST_TITLE].rpartition(' ')[0]} ..."
    expected = result.title if result.title.endswith((".", "?", "!")) else f"{result.title}."
    what = f"Expected: {expected}" if title == reason else f"{reason}. Expected: {expected}"
    return Fault(result.id, title, what, result.hint, (), (), _place(result), result.evidence)


def _place(result: Result) -> str:
    files = [observation.text for observation in result.evidence if observation.kind == "file"]
    return files[0].splitlines()[0] if files and ":" not in files[0] else ""


def _cause(fault: Fault, lost: Sequence[str]) -> Cause:
    return Cause(
        fault.id, fault.title, fault.what, fault.do_first, fault.where, fault.evidence, tuple(lost)
    )  # fmt: skip


def _order(cause: Cause, results: Mapping[str, Result], parts: Mapping[str, str]) -> tuple[int, float]:
    """Return the sort key of a cause: the earliest part of the pipeline that it breaks, then the points it costs."""
    part = parts[cause.lost[0]].rstrip("0123456789")
    rank = next((number for number, names in enumerate(_RANKS) if part in names), len(_RANKS))
    return rank, -sum(results[id_].of for id_ in cause.lost)
