"""The report of an evaluation, from which each format is exported."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from common.check_status import FAILED, NOT_CHECKED, PASSED
from evaluation.marks import Late, Mark
from evaluation.printable_record import PrintableRecord
from evaluation.similarity.fingerprint import Fingerprint

BREAKS, RISK, ADVICE = "breaks", "risk", "advice"
FORMAT = 3


@dataclass(frozen=True)
class Observation(PrintableRecord):
    """Something that was observed during an evaluation.

    Attributes:
        kind: command, status, log, sha256, file or note.
        text: what was observed, verbatim.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Result(PrintableRecord):
    """The result of one check.

    Attributes:
        id: its name in the rubric.
        title: the requirement, as a sentence.
        status: passed, failed or not checked.
        points: the points that were earned.
        of: the points that could be earned.
        reason: what was observed, or why nothing could be observed.
        hint: how to fix it; empty if the check passed.
        seconds: the duration of the check in seconds.
        evidence: the observations that support the reason.
        follows: the id of the cause if the result is only a consequence of it; else empty.
        excused: whether no points are deducted although the check did not pass, because the rubric counts a fault once.
        mark: the tutor's mark; None if there is none.
        undecided: whether it was not checked because of the environment (no engine, no network, a limit of the
            evaluation itself), so that a later evaluation may award its points, or because a person has to decide.
        for_tutor: whether a person has to decide, because no later evaluation can.
    """

    id: str
    title: str
    status: str
    points: float
    of: float
    reason: str = ""
    hint: str = ""
    seconds: float = 0.0
    evidence: tuple[Observation, ...] = ()
    follows: str = ""
    excused: bool = False
    mark: Mark | None = None
    undecided: bool = False
    for_tutor: bool = False

    @property
    def awarded(self) -> float:
        """The final points: those of the tutor's mark, or the automatic ones."""
        return self.points if self.mark is None or self.mark.points is None else self.mark.points

    @property
    def is_open(self) -> bool:
        """Whether the check is undecided and the tutor has not awarded points for it."""
        return self.undecided and (self.mark is None or self.mark.points is None)


@dataclass(frozen=True)
class Line(PrintableRecord):
    """One line of the rubric with its results."""

    title: str
    criteria: str
    results: tuple[Result, ...]
    mark: Mark | None = None

    @property
    def points(self) -> float:
        """The points that were earned according to the evaluation."""
        return sum(result.points for result in self.results)

    @property
    def awarded(self) -> float:
        """The final points: those of the tutor's mark for the line, or the sum over its checks."""
        if self.mark is not None and self.mark.points is not None:
            return self.mark.points
        return sum(result.awarded for result in self.results)

    @property
    def of(self) -> float:
        """The points that could be earned."""
        return sum(result.of for result in self.results)

    @property
    def decided(self) -> float:
        """The points that could be earned in checks that were decided."""
        return self.of - sum(result.of for result in self.undecided)

    @property
    def undecided(self) -> tuple[Result, ...]:
        """The checks that neither the evaluation nor the tutor has decided."""
        if self.mark is not None and self.mark.points is not None:
            return ()
        return tuple(result for result in self.results if result.is_open)

    @property
    def status(self) -> str:
        """Failed if a check failed, else not checked if a check was not checked, else passed."""
        statuses = {result.status for result in self.results}
        return FAILED if FAILED in statuses else NOT_CHECKED if NOT_CHECKED in statuses else PASSED


@dataclass(frozen=True)
class Finding(PrintableRecord):
    """A known trap that was found in a submission. A finding itself costs no points.

    Attributes:
        id: the id of the trap.
        title: its name in plain words.
        severity: breaks (the pipeline does not work), risk (it may not work elsewhere), or advice.
        text: what is wrong, in plain words.
        hint: how to fix it.
        where: the file and line, if known.
    """

    id: str
    title: str
    severity: str
    text: str
    hint: str
    where: str = ""

    _names = ("where",)


@dataclass(frozen=True)
class Cause(PrintableRecord):
    """Why points were lost: one fault with all its consequences.

    Attributes:
        id: its name, unique in a report.
        title: the fault, as a sentence without a full stop.
        what: what happened.
        do_first: how to fix it.
        where: the file and line, if known.
        evidence: the observations that show it, such as a failed command with the last lines of its output.
        lost: the ids of the checks that did not pass because of it; those that are only consequences come last.
    """

    id: str
    title: str
    what: str
    do_first: str
    where: str = ""
    evidence: tuple[Observation, ...] = ()
    lost: tuple[str, ...] = ()

    _names = ("where",)


@dataclass(frozen=True)
class Protection(PrintableRecord):
    """A measure that isolates the submission, and whether it could be enforced."""

    what: str
    enforced: bool
    how: str


@dataclass(frozen=True)
class Report(PrintableRecord):
    """One evaluation.

    Attributes:
        submission: the name of the submission.
        source: the folder, archive or URL, as the user typed it.
        kind: folder, git, files, or the kind of archive (zip, tar.gz and so on); empty if it was not opened.
        sha256: hash of the names and contents of its files.
        files: the number of its files.
        size: the total size of its files in bytes.
        rubric: the name of the rubric.
        rubric_sha256: hash of the rubric.
        lines: the lines of the rubric with their results.
        findings: the known traps that were found.
        protections: the measures that isolated the submission.
        engine: the container engine; empty if none was available.
        started: the start time, ISO 8601 in UTC.
        seconds: the duration in seconds.
        interrupted: whether the user stopped the evaluation; the remaining checks are then not checked.
        causes: why points were lost, the root cause first.
        late: the deduction for lateness; None if there is none.
        comment: the tutor's comment on the whole submission.
        error: why nothing could be evaluated; empty if something was.
        fingerprints: fingerprints for the comparison with other submissions of the class.
    """

    submission: str
    source: str
    kind: str
    sha256: str
    files: int
    size: int
    rubric: str
    rubric_sha256: str
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...] = ()
    protections: tuple[Protection, ...] = ()
    engine: str = ""
    started: str = ""
    seconds: float = 0.0
    interrupted: bool = False
    causes: tuple[Cause, ...] = ()
    late: Late | None = None
    comment: str = ""
    error: str = ""
    fingerprints: tuple[Fingerprint, ...] = ()

    _names = ("submission", "source")

    @property
    def points(self) -> float:
        """The points that were earned according to the evaluation."""
        return sum(line.points for line in self.lines)

    @property
    def awarded(self) -> float:
        """The final points: with the tutor's marks, less the deduction for lateness."""
        points = sum(line.awarded for line in self.lines)
        return points if self.late is None else max(0.0, points - self.late.points)

    @property
    def of(self) -> float:
        """The points that could be earned."""
        return sum(line.of for line in self.lines)

    @property
    def decided(self) -> float:
        """The points that could be earned in checks that were decided."""
        return sum(line.decided for line in self.lines)

    @property
    def total_text(self) -> str:
        """The final points and the points that could be earned: ``47 of 100``, or ``47 of 65 decided``."""
        if self.undecided:
            return f"{show(self.awarded)} of {show(self.decided)} decided"
        return f"{show(self.awarded)} of {show(self.of)}"

    @property
    def results(self) -> tuple[Result, ...]:
        """The results of all checks, in order."""
        return tuple(result for line in self.lines for result in line.results)

    @property
    def unchecked(self) -> tuple[Result, ...]:
        """The checks that could not be carried out."""
        return tuple(result for result in self.results if result.status == NOT_CHECKED)

    @property
    def undecided(self) -> tuple[Result, ...]:
        """The checks that neither the evaluation nor the tutor has decided."""
        return tuple(result for line in self.lines for result in line.undecided)

    @property
    def retryable(self) -> tuple[Result, ...]:
        """The undecided checks that a later evaluation may decide; the others are left to the tutor."""
        return tuple(result for result in self.undecided if not result.for_tutor)


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as JSON data; `from_json` is the inverse."""
    value = asdict(report)
    for line, line_value in zip(report.lines, value["lines"], strict=True):
        line_value |= {
            "points": line.points, "awarded": line.awarded, "of": line.of, "decided": line.decided,
            "status": line.status,
        }  # fmt: skip
    totals = {
        "points": report.points, "awarded": report.awarded, "of": report.of, "decided": report.decided,
        "total": report.total_text,
    }  # fmt: skip
    return {"format": FORMAT, **totals} | value


def from_json(value: dict[str, Any]) -> Report:
    """Return the report that `as_json` encoded.

    Raises:
        ValueError: the data has another format version, or is not a report.
    """
    if value.get("format") != FORMAT:
        raise ValueError(f"expected a report of format {FORMAT}, got format {value.get('format')!r}")
    try:
        lines = tuple(
            Line(
                line["title"], line["criteria"], tuple(_result(result) for result in line["results"]),
                _mark(line["mark"]),
            )
            for line in value["lines"]
        )  # fmt: skip
        plain = {key: value[key] for key in Report.__dataclass_fields__ if key not in _PARTS}
        return Report(
            lines=lines,
            findings=tuple(Finding(**finding) for finding in value["findings"]),
            protections=tuple(Protection(**protection) for protection in value["protections"]),
            causes=tuple(
                Cause(**_with_evidence(cause) | {"lost": tuple(cause["lost"])}) for cause in value["causes"]
            ),
            fingerprints=tuple(Fingerprint(**fingerprint) for fingerprint in value["fingerprints"]),
            late=Late(**value["late"]) if value["late"] else None,
            **plain,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a valid report: {error}") from error


_PARTS = ("lines", "findings", "protections", "causes", "late", "fingerprints")


def _result(value: dict[str, Any]) -> Result:
    return Result(**_with_evidence(value) | {"mark": _mark(value["mark"])})


def _with_evidence(value: dict[str, Any]) -> dict[str, Any]:
    return value | {"evidence": tuple(Observation(**observation) for observation in value["evidence"])}


def _mark(value: dict[str, Any] | None) -> Mark | None:
    return Mark(**value) if value else None


@dataclass(frozen=True)
class Verdict:
    """The verdict of a check function; points and title come from the rubric.

    Attributes:
        passed: whether the check passed.
        reason: what was observed.
        hint: how a student can fix it.
        evidence: the observations that support the reason.
        for_tutor: whether a person has to decide; the evidence then contains the text to read.
    """

    passed: bool
    reason: str
    hint: str = ""
    evidence: tuple[Observation, ...] = field(default=())
    for_tutor: bool = False


def show(points: float) -> str:
    """Return points as a string, without a trailing ``.0``."""
    return f"{points:g}"


def in_points(points: float) -> str:
    """Return points with their noun: ``1 point``, ``2.5 points``."""
    return f"{show(points)} {'point' if points == 1 else 'points'}"
