"""The report for GitHub Classroom: environment variables for its reporter action.

The reporter counts tests: a runner's score is its share of passed tests, whatever they are worth. So each line of the
rubric is a runner, and each point is a test; then all sums that the reporter prints are those of the rubric.

For a failed test, the reporter prints the name and the ``test_code``, not the ``message``; for a test with an error,
only the ``message``; for any test, a line number that is not 0. An early version printed name and message. So the
reason of a failed test is written to both fields, and that of an error begins with the name.

The file is appended to ``$GITHUB_ENV``; docs/evaluation-exports.md shows the workflow.
"""

from __future__ import annotations

import base64
import json
import operator
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from common.check_status import NOT_CHECKED
from evaluation.reports.wording import explain, explain_line
from evaluation.result import Line, Report, Result

FILE = "classroom.env"

# The name of the variable with the names of all runners, separated by commas.
RUNNERS = "CLASSROOM_RUNNERS"
# Maximum number of tests for a rubric, and for a line with finer points than the others: beyond it, points are rounded
# to whole tests, and only `score` is exact.
_MOST_TESTS = 300
_FEW_TESTS = 100
# Linux allows 128 KiB for one variable, and base64 adds a third.
_MOST_BYTES = 90_000
_LONGEST = 4_000
# What a workflow log interprets as a command: ``::name::`` at the start of a line, ``##[name]`` anywhere.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\[)", re.MULTILINE)
# GitHub reserves variable names with these prefixes.
_RESERVED = ("github", "runner", "classroom", "actions")


def export(report: Report) -> str:
    """Return a variable for each line of the rubric, and a variable with the names of the runners."""
    lines = [line for line in report.lines if line.of]
    names = _names([line.title for line in lines])
    points = _after_lateness(report, lines)
    units = _units(report, lines, points)
    late = f"Late: {report.late.text}" if report.late is not None else ""
    variables = []
    for name, line, final, unit in zip(names, lines, points, units, strict=True):
        runner = _Runner(line, unit)
        if final != line.awarded:
            runner.settle(final, late)
        variables.append(f"{name.upper()}_RESULTS={runner.encoded()}")
    return "\n".join([f"{RUNNERS}={','.join(names)}", *variables]) + "\n"


def _after_lateness(report: Report, lines: list[Line]) -> list[float]:
    """Return the points of each line; those for lateness are deducted from the last lines, as no score is negative."""
    points = [Fraction(str(line.awarded)) for line in lines]
    less = sum(points) - Fraction(str(report.awarded)) if report.late is not None else Fraction(0)
    for number in reversed(range(len(points))):
        taken = min(max(less, Fraction(0)), points[number])
        points[number] -= taken
        less -= taken
    return [float(value) for value in points]


def _units(report: Report, lines: list[Line], points: list[float]) -> list[Fraction]:
    """Return the points of one test for each line: an exact divisor unless that would need too many tests.

    Args:
        report: the report.
        lines: the lines that are worth points.
        points: the final points of each line.
    """
    exact = [
        _divisor(
            [
                *(value for result in line.results for value in (result.of, result.awarded)),
                line.awarded,
                final,
            ]
        )
        for line, final in zip(lines, points, strict=True)
    ]
    whole = _divisor(exact)
    if Fraction(str(report.of)) / whole <= _MOST_TESTS:
        return [whole] * len(lines)
    possible = _divisor([result.of for result in report.results])
    if Fraction(str(report.of)) / possible > _MOST_TESTS:
        possible = max(Fraction(1), Fraction(str(report.of)) / _FEW_TESTS)
    return [
        possible if unit % possible == 0 or Fraction(str(line.of)) / unit > _MOST_TESTS else unit
        for unit, line in zip(exact, lines, strict=True)
    ]


def _divisor(values: Iterable[float | Fraction]) -> Fraction:
    """Return the largest number that divides all values; 1 if there are none."""
    exact = [Fraction(str(value)) for value in values if value]
    if not exact:
        return Fraction(1)
    return Fraction(gcd(*(value.numerator for value in exact)), lcm(*(value.denominator for value in exact)))


def _names(titles: list[str]) -> list[str]:
    """Return a name for each runner that is also valid as a variable name."""
    names: list[str] = []
    for number, title in enumerate(titles, 1):
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40]
        if not name or name[0].isdigit() or name.startswith(_RESERVED) or name in names:
            name = f"line_{number}_{name}".rstrip("_")
        names.append(name)
    return names


@dataclass
class _Test:
    """One test of a runner.

    Attributes:
        name: the printed name.
        status: the status for the reporter: pass, fail or error.
        cause: the id of the check that lost the point; empty if no check did.
        reason: why the point is lost.
    """

    name: str
    status: str
    cause: str
    reason: str


class _Runner:
    """A line of the rubric: a test for each point, with as many passed tests as points.

    Args:
        line: the line of the rubric.
        unit: the points of one test.
    """

    def __init__(self, line: Line, unit: Fraction) -> None:
        self.line = line
        self.unit = unit
        self.points = sum(result.awarded for result in line.results)
        self.tests = [test for result in line.results for test in _tests(result, unit)]
        self.settle(line.awarded, _no_command(explain_line(line)))

    def settle(self, points: float, reason: str) -> None:
        """Change the status of tests until the line has the given points, beginning with the last test.

        Args:
            points: the points that the line should have.
            reason: why the points are changed.
        """
        self.points = points
        wanted = round(Fraction(str(points)) / self.unit)
        passed = [test for test in self.tests if test.status == "pass"]
        failed = [test for test in self.tests if test.status != "pass"]
        for test in passed[max(0, wanted) :]:
            test.status, test.cause, test.reason = "fail", "", reason
        for test in failed[: max(0, wanted - len(passed))]:
            test.status = "pass"

    def encoded(self) -> str:
        """Return the result in base64, as the reporter expects it."""
        statuses = {test.status for test in self.tests}
        status = "fail" if "fail" in statuses else "error" if "error" in statuses else "pass"
        document = {"version": 1, "status": status, "max_score": self.line.of}
        tests = self._printed()
        longest = _LONGEST
        while len(text := _as_json(document, tests, longest)) > _MOST_BYTES and longest > 1:
            longest //= 2
        return base64.b64encode(text).decode()

    def _printed(self) -> list[dict[str, object]]:
        """Return the tests with their shares of the points; each reason is shown once."""
        scores = iter(self._scores())
        shown: set[tuple[str, str]] = set()
        printed: list[dict[str, object]] = []
        for test in self.tests:
            message, code = None, ""
            if test.status != "pass":
                again = (test.cause, test.reason) in shown
                shown.add((test.cause, test.reason))
                message = "See above." if again else test.reason
                if test.status == "error":
                    message = f"{test.name}: {message}"
                elif not again:
                    code = f"Reason: {test.reason}"
            printed.append(
                {
                    "name": test.name,
                    "status": test.status,
                    "message": message,
                    "test_code": code,
                    "line_no": 0,
                    "score": next(scores),
                }
            )
        return printed

    def _scores(self) -> list[float]:
        """Return the points of each test, such that adding them up in order gives exactly the points of the line."""
        earning = [test.status == "pass" for test in self.tests]
        if not any(earning):
            earning = [True] * len(self.tests)
        share = self.points / sum(earning)
        scores = [share if earns else 0.0 for earns in earning]
        if reduce(operator.add, scores) != self.points:  # not sum(), which compensates for rounding errors
            first = earning.index(True)
            scores = [self.points if number == first else 0.0 for number in range(len(scores))]
        return scores


def _tests(result: Result, unit: Fraction) -> list[_Test]:
    """Return a test for each point of a check."""
    count = max(1, round(Fraction(str(result.of)) / unit)) if result.of else 0
    passed = min(count, round(Fraction(str(result.awarded)) / unit))
    status = "error" if result.status == NOT_CHECKED else "fail"
    title = _no_command(result.title)
    return [
        _Test(
            title if count == 1 else f"{title} ({number + 1} of {count})",
            "pass" if number < passed else status,
            result.id,
            _no_command(explain(result)),
        )
        for number in range(count)
    ]


def _as_json(document: dict[str, object], tests: list[dict[str, object]], longest: int) -> bytes:
    """Return a result as JSON, with strings cut to a maximum length."""
    bounded = [
        {key: _bounded(value, longest) if isinstance(value, str) else value for key, value in test.items()}
        for test in tests
    ]
    return json.dumps(document | {"tests": bounded}, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def _bounded(text: str, longest: int) -> str:
    return text if len(text) <= max(longest, 5) else text[: max(longest, 5) - 1] + "…"


def _no_command(text: str) -> str:
    """Return a string in which a workflow log finds no command."""
    return _COMMAND.sub(lambda match: match.group() + " ", text)
