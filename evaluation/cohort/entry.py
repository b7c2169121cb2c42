"""One submission of a class: its evaluation in a separate process, and the result."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from common import atomic_files, process
from common.errors import PipelineError
from evaluation import result
from evaluation.cohort.history import earlier_reports, keep_report
from evaluation.cohort.row import Row
from evaluation.cohort.student import Student
from evaluation.evaluate import EvaluationOptions
from evaluation.processes.messages import encode
from evaluation.reports.export import write
from evaluation.result import Report
from evaluation.sanitize import printable
from evaluation.submission.locate import LooseFile
from evaluation.tutor.apply import with_notes

# Maximum time in seconds for a stopped evaluation to remove its containers.
GRACE = 90.0


class RerunPolicy(StrEnum):
    """Which finished submissions of an earlier run are evaluated again."""

    NONE = "none"
    UNDECIDED = "undecided"
    ALL = "all"


class State(StrEnum):
    """The state of a submission."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REUSED = "done before"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass
class Entry:
    """One submission of a class.

    Attributes:
        name: its name, which is also the name of its report folder.
        source: the folder or archive; for several files, the folder that contains them.
        folder: the folder for its reports.
        student: the student, as far as the class export says.
        files: the files, if there are several.
        key: identifies everything that its evaluation depends on.
        state: waiting, running or finished.
        step: the current step of its evaluation.
        report: the report; None until there is one.
        error: why there is no report.
        unused_notes: why the notes of the tutor cannot be used; empty if they can.
    """

    name: str
    source: Path
    folder: Path
    student: Student = field(default_factory=Student)
    files: tuple[LooseFile, ...] = ()
    key: str = ""
    state: State = State.WAITING
    step: str = ""
    report: Report | None = None
    error: str = ""
    unused_notes: str = ""
    _program: process.Program | None = field(default=None, repr=False)

    def row(self) -> Row:
        """Return the row of the submission in the overview."""
        error = self.error or self.unused_notes or (self.state if self.report is None else "")
        earlier = earlier_reports(self.folder, self.report)
        return Row(self.name, self.report, error, self.student, earlier, unused_notes=bool(self.unused_notes))

    def fail(self, why: str) -> None:
        """Record why it cannot be evaluated."""
        self.state, self.error = State.FAILED, printable(why)

    def take_report(self, report: Report) -> None:
        """Write a report without an evaluation process: for a submission that cannot be opened, or a duplicate.

        Args:
            report: the report; its name becomes that of this submission.

        Raises:
            CannotWrite: the report cannot be written.
        """
        keep_report(self.folder)
        atomic_files.make_folder(self.folder)
        for name in ("failed.json", "state.json"):
            atomic_files.remove(self.folder / name)
        write(replace(report, submission=self.name), self.folder)
        self._finish(0)

    def reuse_report(self, options: EvaluationOptions, again: RerunPolicy = RerunPolicy.NONE) -> None:
        """Reuse the report of an earlier run, if it is complete and nothing has changed since.

        Args:
            options: the limits and settings of the evaluation.
            again: which finished reports are not reused. A report without an engine is never reused if containers are
                to be run.
        """
        if again == RerunPolicy.ALL:
            return
        try:
            state = json.loads((self.folder / "state.json").read_text("utf-8"))
            report = self._read_report()
        except (OSError, ValueError):
            return
        complete = not report.interrupted and (bool(report.engine or report.error) or not options.run)
        anew = again == RerunPolicy.UNDECIDED and options.run and report.retryable
        complete = complete and not (
            report.error and report.undecided
        )  # a missing program may be installed by now
        if state.get("key") == self.key and complete and not anew:
            self.report, self.state, self.error = report, State.REUSED, report.error

    def read_report(self) -> None:
        """Read the report of an earlier run, even if something has changed since."""
        if self.state == State.FAILED:
            return
        try:
            self.report = self._read_report()
        except (OSError, ValueError, RecursionError):
            self.fail("there is no report yet; evaluate the submission first")
            return
        self.state, self.error = State.REUSED, self.report.error

    def add_notes(self) -> None:
        """Apply the notes of the tutor to its report, and rewrite the report if that changes it."""
        if self.report is None:
            return
        try:
            report = with_notes(self.report, self.folder, late=self.student.late)
            if report != self.report:
                write(report, self.folder)
        except PipelineError as error:  # the evaluation counts without the notes
            self.unused_notes = printable(str(error))
            return
        self.report = report

    def start(self, rubric: Path | None, options: EvaluationOptions, image_owner: str = "") -> None:
        """Start its evaluation.

        Args:
            rubric: the file of the rubric; None for the built-in one.
            options: the limits and settings of the evaluation.
            image_owner: the id of the engine session that removes its images; empty for its own session.
        """
        keep_report(self.folder)
        for name in ("failed.json", "state.json", "report.json"):
            atomic_files.remove(self.folder / name)
        atomic_files.make_folder(self.folder)
        job = {
            "source": str(self.source), "files": encode(self.files), "name": self.name, "folder": str(self.folder),
            "rubric": str(rubric) if rubric else None, "options": asdict(options),
            "image_owner": image_owner,
        }  # fmt: skip
        with process.signals_deferred():
            self._program = process.Program([sys.executable, "-m", "evaluation", json.dumps(job)])
            self.state, self.step = State.RUNNING, "copying it"

    @property
    def program(self) -> process.Program:
        """The process that evaluates it."""
        assert self._program is not None
        return self._program

    def poll(self) -> bool:
        """Read the output of its evaluation, and return whether the evaluation has ended."""
        self.step = self._last_line()
        status = self.program.wait(0.05)
        if status is None:
            return False
        self.step = self._last_line()
        self._finish(status)
        return True

    def terminate(self) -> None:
        """Ask its evaluation to end."""
        self.program.terminate()

    def wait(self) -> None:
        """Wait a limited time for its evaluation to end, then stop it."""
        status = self.program.wait(GRACE)
        self._finish(self.program.stop() if status is None else status)

    def _last_line(self) -> str:
        lines = (line.strip() for line in reversed(self.program.pending()) if line.strip())
        return printable(next(lines, self.step), 1000)

    def _finish(self, status: int) -> None:
        try:
            self.report = self._read_report()
        except (OSError, ValueError, RecursionError):
            self.state, self.error = State.FAILED, self._why(status)
            return
        self.error = self.report.error
        self.state = State.STOPPED if self.report.interrupted else State.FAILED if self.error else State.DONE
        if self.state != State.STOPPED:
            with suppress(PipelineError):  # without it the next run evaluates it again, and that is all
                atomic_files.write_json(self.folder / "state.json", {"key": self.key})

    def _read_report(self) -> Report:
        return result.from_json(json.loads((self.folder / "report.json").read_text("utf-8")))

    def _why(self, status: int) -> str:
        try:
            return str(json.loads((self.folder / "failed.json").read_text("utf-8"))["error"])
        except (OSError, ValueError, KeyError):
            last = self.step or "it printed nothing"
            return f"the evaluation itself exited with status {status}: {last}"
