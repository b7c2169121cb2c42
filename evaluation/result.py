"""The report of an evaluation, from which each format is exported."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from evaluation.marks import Late, Mark
from evaluation.shown import Shown
from evaluation.similarity.fingerprint import Fingerprint
from pipeline.check_status import FAILED, NOT_CHECKED, PASSED

BREAKS, RISK, ADVICE = "breaks", "risk", "advice"
FORMAT = 3


@dataclass(frozen=True)
class Observation(Shown):
    """Something that was observed.

    Attributes:
        kind: command, status, log, sha256, file or note.
        text: what was observed, verbatim.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Result(Shown):
    """The result of one check.

    Attributes:
        id: its name in the rubric.
        title: what should hold, as a sentence.
        status: passed, failed or not checked.
        points: what it earned.
        of: what it could have earned.
        reason: what was observed, or why nothing could be.
        hint: what to do about it; empty where it passed.
        seconds: how long looking took.
        evidence: the observations that support the reason.
        follows: the id of the cause that it is only a consequence of; empty where it is none.
        excused: whether it costs nothing although it did not pass, because the rubric counts a fault once.
        mark: what the tutor says; None where he says nothing.
        undecided: whether it was not checked because of the environment (no engine, no network, a limit of the
            evaluation itself), so that its points may be given by a later evaluation, or because a person has to
            decide.
        for_tutor: whether a person has to decide: no later evaluation can.
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
        """The points after the tutor: his, or the automatic ones."""
        return self.points if self.mark is None or self.mark.points is None else self.mark.points

    @property
    def is_open(self) -> bool:
        """Whether it is undecided, and the tutor has given no points for it."""
        return self.undecided and (self.mark is None or self.mark.points is None)


@dataclass(frozen=True)
class Line(Shown):
    """One line of the rubric, with its results."""

    title: str
    criteria: str
    results: tuple[Result, ...]
    mark: Mark | None = None

    @property
    def points(self) -> float:
        """The points that were earned, as the evaluation found."""
        return sum(result.points for result in self.results)

    @property
    def awarded(self) -> float:
        """The points after the tutor: his for the line, or what its checks add up to."""
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
        """Whether a check failed, else whether one was not checked, else passed."""
        statuses = {result.status for result in self.results}
        return FAILED if FAILED in statuses else NOT_CHECKED if NOT_CHECKED in statuses else PASSED


@dataclass(frozen=True)
class Finding(Shown):
    """A known trap that was found in a submission. Findings themselves cost no points.

    Attributes:
        id: which trap.
        title: its name, as people say it.
        severity: breaks (it keeps the pipeline from working), risk (it will somewhere else), advice.
        text: what is wrong, in plain words.
        hint: how to fix it.
        where: file and line, as far as there is one.
    """

    id: str
    title: str
    severity: str
    text: str
    hint: str
    where: str = ""

    _names = ("where",)


@dataclass(frozen=True)
class Cause(Shown):
    """Why points were lost: one fault, with everything that followed from it.

    Attributes:
        id: its name, unique in a report.
        title: the fault, as a sentence without a full stop.
        what: what happened.
        do_first: what to do about it.
        where: file and line, as far as there is one.
        evidence: the observations that show it: a failed command with the last lines of its output.
        lost: the ids of the checks that did not pass because of it; what only follows from it comes last.
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
class Protection(Shown):
    """A measure that isolates the submission, and whether it could be enforced."""

    what: str
    enforced: bool
    how: str


@dataclass(frozen=True)
class Report(Shown):
    """One evaluation.

    Attributes:
        submission: name of what was evaluated.
        source: where it came from, as it was typed.
        kind: folder, git, files, or the kind of an archive (zip, tar.gz and so on); empty where it was not opened.
        sha256: of its files' names and contents.
        files: how many files it has.
        size: their bytes.
        rubric: the rubric's name.
        rubric_sha256: of the rubric.
        lines: the rubric's lines, with their results.
        findings: the known traps that were found.
        protections: what isolated it.
        engine: what ran it; empty where nothing could.
        started: when, ISO 8601 in UTC.
        seconds: how long it took.
        interrupted: whether the user stopped it; the rest is not checked then.
        causes: why points were lost, the root cause first.
        late: the deduction for lateness; None where there is none.
        comment: a comment of the tutor on the whole.
        error: why nothing of it could be evaluated; empty where something was.
        fingerprints: what it is compared with others of its class by.
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
        """The points that were earned, as the evaluation found."""
        return sum(line.points for line in self.lines)

    @property
    def awarded(self) -> float:
        """The points after the tutor: with his marks, less what is deducted for lateness."""
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
        """The points after the tutor and what they are compared with: ``47 of 100``, or ``47 of 65 decided``."""
        if self.undecided:
            return f"{show(self.awarded)} of {show(self.decided)} decided"
        return f"{show(self.awarded)} of {show(self.of)}"

    @property
    def results(self) -> tuple[Result, ...]:
        """The results of all checks, in order."""
        return tuple(result for line in self.lines for result in line.results)

    @property
    def unchecked(self) -> tuple[Result, ...]:
        """The checks that could not be made."""
        return tuple(result for result in self.results if result.status == NOT_CHECKED)

    @property
    def undecided(self) -> tuple[Result, ...]:
        """The checks that neither the evaluation nor the tutor has decided."""
        return tuple(result for line in self.lines for result in line.undecided)

    @property
    def retryable(self) -> tuple[Result, ...]:
        """The undecided checks that a later evaluation may decide; the others wait for the tutor."""
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
        ValueError: it is of another format, or no report.
    """
    if value.get("format") != FORMAT:
        raise ValueError(f"a report of format {value.get('format')!r}; this is format {FORMAT}")
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
        raise ValueError(f"no report: {error}") from error


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
        hint: what a student can do about it.
        evidence: the observations that support the reason.
        for_tutor: whether a person has to decide; the evidence has what there is to read.
    """

    passed: bool
    reason: str
    hint: str = ""
    evidence: tuple[Observation, ...] = field(default=())
    for_tutor: bool = False


def show(points: float) -> str:
    """Return points without a superfluous ``.0``."""
    return f"{points:g}"


def in_points(points: float) -> str:
    """Return points with their noun: ``1 point``, ``2.5 points``."""
    return f"{show(points)} {'point' if points == 1 else 'points'}"
