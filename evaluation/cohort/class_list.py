"""Evaluates a folder of submissions, some at a time, each in a process of its own; goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from evaluation import result
from evaluation.cohort.members import members_in
from evaluation.cohort.overview import Row, write_overview
from evaluation.evaluate import Conditions
from evaluation.processes.worker_pool import WorkerPool
from evaluation.result import Report, show
from evaluation.rubric import Rubric
from evaluation.sanitize import printable
from pipeline import atomic_files, process
from pipeline.console import Console
from pipeline.errors import EngineUnavailable, Interrupted, PipelineError

WAITING, RUNNING, DONE, KEPT, FAILED, STOPPED = (
    "waiting",
    "running",
    "done",
    "done before",
    "failed",
    "stopped",
)
# What a stopped evaluation may take to remove its containers.
GRACE = 90.0


@dataclass
class Entry:
    """One submission of a class.

    Attributes:
        name: what it is called, also the folder of its reports.
        source: the folder or zip file.
        folder: where its reports go.
        state: waiting, running, done, done before, failed or stopped.
        step: what is going on.
        report: what came of it.
        error: why nothing did.
    """

    name: str
    source: Path
    folder: Path
    key: str = ""
    state: str = WAITING
    step: str = ""
    report: Report | None = None
    error: str = ""
    program: process.Program | None = field(default=None, repr=False)

    def row(self) -> Row:
        return Row(self.name, self.report, self.error or (self.state if self.report is None else ""))


@dataclass(frozen=True)
class ClassResult:
    """The result of evaluating a class.

    Attributes:
        points: the points of each submission by its name; None where it could not be evaluated.
        failed: the error of each submission that could not be evaluated, by its name.
        files: the overview, as HTML and CSV.
    """

    points: dict[str, float | None]
    failed: dict[str, str]
    files: tuple[Path, ...]


def evaluate_class(
    submissions: Path,
    rubric: Rubric,
    conditions: Conditions,
    folder: Path,
    *,
    rubric_path: Path | None,
    jobs: int,
    again: bool,
    console: Console,
    shown: Callable[[Path], str],
) -> ClassResult:
    """Evaluate all submissions in a folder, show the progress, and write the overview.

    Args:
        submissions: the folder that holds the submissions.
        rubric: what is graded.
        conditions: the limits and settings of each evaluation.
        folder: where the reports and the overview are written.
        rubric_path: the file of the rubric; None for the built-in one.
        jobs: the number of submissions that are evaluated at the same time.
        again: whether finished reports of a previous run are ignored.
        console: where the progress is shown.
        shown: returns a path as it is shown to the user.

    Returns:
        The points, the errors and the files of the overview.

    Raises:
        InputMissing: the folder does not exist or holds no submission.
        EngineUnavailable: there was no container engine; the overview holds the checks that need none.
        Interrupted: the user stopped it; finished reports are kept and reused by the next run.
    """
    entries = entries_in(submissions, folder)
    _prepare(entries, rubric, conditions, again=again)
    board = _Board(console, entries)
    stopped = False
    try:
        _run_all(entries, rubric_path, conditions, jobs, board)
    except KeyboardInterrupt:
        stopped = True
        with process.undisturbed():
            _stop_all(entries)
    board.close()
    written = write_overview([entry.row() for entry in entries], rubric, folder)
    for path in written:
        console.print(f"  {shown(path)}")
    if stopped:
        done = sum(entry.report is not None and not entry.report.interrupted for entry in entries)
        raise Interrupted(
            f"interrupted; {done} of {len(entries)} are finished",
            hint="The same command goes on with the others.",
        )
    without = [entry for entry in entries if entry.report and not entry.report.engine]
    if conditions.run and without:
        raise EngineUnavailable(
            f"{len(without)} of {len(entries)} were looked at without a container engine: the rest is not checked",
            hint="Started again with one, the same command evaluates these anew. --no-run looks at the files alone.",
        )
    return ClassResult(
        {entry.name: entry.report.points if entry.report else None for entry in entries},
        {entry.name: entry.error for entry in entries if entry.error},
        tuple(written),
    )


def entries_in(folder: Path, reports: Path) -> list[Entry]:
    """The submissions in a folder: each folder, and each zip file."""
    return [
        Entry(
            member.name, member.source, reports / member.name,
            state=FAILED if member.wrong else WAITING, error=member.wrong,
        )
        for member in members_in(folder)
    ]  # fmt: skip


def key_of(source: Path, rubric: Rubric, how: Conditions, workers: WorkerPool) -> str:
    """Stands for everything that an evaluation depends on: equal keys, the same points.

    Raises:
        PipelineError: the source is too large or too slow to be read.
    """
    limits = how.limits
    content = workers.call(
        str, "key_of", printable(source.name),
        cpu=limits.intake_cpu, seconds=limits.intake_seconds, source=source, limits=limits,
    )  # fmt: skip
    told = json.dumps([result.FORMAT, rubric.sha256, asdict(how)], sort_keys=True)
    return hashlib.sha256((content + told).encode()).hexdigest()


def _prepare(entries: list[Entry], rubric: Rubric, how: Conditions, *, again: bool) -> None:
    """Takes over what an earlier run has finished. What cannot even be read has its row, and stops nobody."""
    with WorkerPool(how.limits) as workers:
        for entry in entries:
            if entry.state == FAILED:
                continue
            try:
                entry.key = key_of(entry.source, rubric, how, workers)
                if not again:
                    _take_over(entry, how)
            except PipelineError as error:
                entry.state, entry.error = FAILED, printable(str(error))


def _take_over(entry: Entry, how: Conditions) -> None:
    """Takes a finished report of an earlier run, where nothing has changed since and there was an engine."""
    try:
        state = json.loads((entry.folder / "state.json").read_text("utf-8"))
        report = result.from_json(json.loads((entry.folder / "report.json").read_text("utf-8")))
    except (OSError, ValueError):
        return
    whole = not report.interrupted and (bool(report.engine) or not how.run)
    if state.get("key") == entry.key and whole:
        entry.report, entry.state = report, KEPT


def _run_all(entries: list[Entry], rubric: Path | None, how: Conditions, jobs: int, board: _Board) -> None:
    waiting = [entry for entry in entries if entry.state == WAITING]
    running: list[Entry] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            entry = waiting.pop(0)
            try:
                _start(entry, rubric, how)
            except (PipelineError, OSError, ValueError) as error:
                entry.state, entry.error = FAILED, printable(str(error))
                board.finished(entry)
                continue
            running.append(entry)
        for entry in list(running):
            assert entry.program is not None
            entry.step = _last_words(entry)
            status = entry.program.wait(0.05)
            if status is not None:
                running.remove(entry)
                entry.step = _last_words(entry)
                _finish(entry, status)
                board.finished(entry)
        board.show()
        time.sleep(0.1)


def _last_words(entry: Entry) -> str:
    assert entry.program is not None
    said = (line.strip() for line in reversed(entry.program.pending()) if line.strip())
    return printable(next(said, entry.step), 1000)


def _start(entry: Entry, rubric: Path | None, how: Conditions) -> None:
    for name in ("failed.json", "state.json", "report.json"):
        atomic_files.remove(entry.folder / name)
    atomic_files.folder(entry.folder)
    job = {
        "source": str(entry.source), "name": entry.name, "folder": str(entry.folder),
        "rubric": str(rubric) if rubric else None, "conditions": asdict(how),
    }  # fmt: skip
    entry.program = process.Program([sys.executable, "-m", "evaluation", json.dumps(job)])
    entry.state, entry.step = RUNNING, "taking it in"


def _finish(entry: Entry, status: int) -> None:
    assert entry.program is not None
    try:
        entry.report = result.from_json(json.loads((entry.folder / "report.json").read_text("utf-8")))
    except (OSError, ValueError, RecursionError):
        entry.state, entry.error = FAILED, _why(entry, status)
        return
    entry.state = STOPPED if entry.report.interrupted else DONE
    if entry.state == DONE:
        with suppress(PipelineError):  # without it the next run evaluates it again, and that is all
            atomic_files.write_json(entry.folder / "state.json", {"key": entry.key})


def _why(entry: Entry, status: int) -> str:
    try:
        return str(json.loads((entry.folder / "failed.json").read_text("utf-8"))["error"])
    except (OSError, ValueError, KeyError):
        last = entry.step or "it said nothing"
        return f"the evaluation itself ended with status {status}: {last}"


def _stop_all(entries: list[Entry]) -> None:
    running = [entry for entry in entries if entry.state == RUNNING and entry.program is not None]
    for entry in running:
        assert entry.program is not None
        entry.program.terminate()
    for entry in running:
        assert entry.program is not None
        status = entry.program.wait(GRACE)
        if status is None:
            status = entry.program.stop()
        _finish(entry, status)


class _Board:
    """The table that shows how it goes: a line for each end, and below them, where somebody watches, what is going on.

    The lines below are drawn anew again and again, so each is cut to the width of the terminal.
    """

    def __init__(self, console: Console, entries: list[Entry]) -> None:
        self.console = console
        self.entries = entries
        self.width = min(max(len(entry.name) for entry in entries), 40)
        self._drawn = 0
        self._last = 0.0
        self.console.heading(f"Evaluation of {len(entries)} submissions")
        for entry in entries:
            if entry.state in (KEPT, FAILED):
                self.finished(entry)

    def finished(self, entry: Entry) -> None:
        """A line that stays."""
        self._wipe()
        self.console.print(self._line(entry))
        self._last = 0.0

    def _line(self, entry: Entry) -> str:
        points = ""
        if entry.report is not None:
            points = f"{show(entry.report.points):>5} of {show(entry.report.of)}"
            points += f", {len(entry.report.unchecked)} not checked" if entry.report.unchecked else ""
        text = points or entry.error.splitlines()[0] if entry.error or points else entry.step
        name = entry.name if len(entry.name) <= self.width else entry.name[: self.width - 1] + "…"
        return f"  {name:<{self.width}}  {entry.state:<11}  {text[:90]}"

    def show(self) -> None:
        """Draws what is going on, at most twice in a second."""
        if not self.console.is_terminal or time.monotonic() - self._last < 0.5:
            return
        self._wipe()
        self._last = time.monotonic()
        ended = sum(entry.state not in (WAITING, RUNNING) for entry in self.entries)
        lines = [self._line(entry) for entry in self.entries if entry.state == RUNNING]
        lines.append(f"  {ended} of {len(self.entries)} have ended")
        columns = shutil.get_terminal_size().columns
        self.console.out.write("".join(f"{line[: columns - 1]}\n" for line in lines))
        self.console.out.flush()
        self._drawn = len(lines)

    def _wipe(self) -> None:
        if self._drawn:
            self.console.out.write(f"\x1b[{self._drawn}A\r\x1b[J")
        self._drawn = 0

    def close(self) -> None:
        """The last of it; what somebody stopped is told as well."""
        self._wipe()
        for entry in self.entries:
            if entry.state in (STOPPED, WAITING):
                self.console.print(self._line(entry))
        self.console.print()
