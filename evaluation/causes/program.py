"""How the program of codebase failed: its crash, the line of the submission, and the files that were there."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.causes.crash import Crash, Frame, find_crash
from evaluation.causes.output import last_lines, last_message, reports_error
from evaluation.evidence.evidence import Evidence
from evaluation.layout.places import Place
from evaluation.sandbox.stack_run import StackRun
from evaluation.traps.row_shapes import ActivateCall, nested_calls


@dataclass(frozen=True)
class FailedProgram:
    """A failure of the program of codebase, with the data that explains it.

    Attributes:
        evidence: the evidence collected for the submission.
        run: the run of the stack in which it failed.
        lines: the lines that the program printed.
        crash: the program's last traceback; None if it printed none.
        frame: the call of the traceback in the student's own program; None if there is none.
        file: the file of that program in the submission; empty if it is not part of the submission.
    """

    evidence: Evidence
    run: StackRun
    lines: Sequence[str]
    crash: Crash | None
    frame: Frame | None
    file: str

    @property
    def code(self) -> Place:
        """The container with the program."""
        return self.evidence.places.codebase

    @property
    def error(self) -> str:
        """The last line of the traceback, or else the last error that the program printed."""
        return self.crash.last_line if self.crash else last_message(self.lines)

    @property
    def status(self) -> int | None:
        """The exit status of the program; None if it did not end."""
        state = self.run.container(self.evidence.roles.code)
        return state.status if state else None

    @property
    def where(self) -> str:
        """File and line in the submission; empty if unknown."""
        return f"{self.file}:{self.frame.line}" if self.file and self.frame else ""

    @property
    def place(self) -> str:
        """The location of the crash, as messages show it: UE_07_App5.py line 26."""
        if self.frame is None:
            return f"the program of {self.code.title}"
        return f"{posixpath.basename(self.frame.file)} line {self.frame.line}"

    @property
    def statement(self) -> str:
        """The location of the crash with its line of code, if known."""
        code = self.frame.code if self.frame else ""
        place = self.place if self.frame else f"The program of {self.code.title}"
        return f"{place}, `{code[:100].replace('`', chr(39))}`," if code else place

    @property
    def shared_target(self) -> str:
        """The path of the shared folder in codebase; empty if it is not mounted there."""
        return shared_target(self.evidence, self.code.name)

    @property
    def files(self) -> list[str]:
        """The files of the shared folder after the run, sorted."""
        return sorted(name for name, entry in self.run.shared.items() if entry.kind == "file")

    def nested_call(self) -> ActivateCall | None:
        """Return the call of `activate` with a table in the line of the crash, or else the only one in the program."""
        try:
            calls = nested_calls(ast.parse(self.evidence.submission.text(self.file))) if self.file else []
        except (SyntaxError, ValueError, RecursionError):
            return None
        at_line = [call for call in calls if self.frame and call.line == self.frame.line]
        candidates = at_line or (calls if len(calls) == 1 else [])
        return candidates[0] if candidates else None


def shared_target(evidence: Evidence, role: str) -> str:
    """Return the path at which a container mounts the shared folder; empty if it does not mount it.

    Args:
        evidence: the evidence collected for the submission.
        role: the container.
    """
    roles = evidence.roles
    service = evidence.safe_stack.services.get(roles.service(role))
    mounts = service.mounts if service else ()
    return next((mount.target for mount in mounts if mount.source == roles.shared), "")


def failed_program(evidence: Evidence) -> FailedProgram | None:
    """Return how the program of codebase failed; None if no run shows a failure.

    The run without ``--abort-on-container-exit`` is examined as well: if the first exit stopped the stack, Compose
    shows no crash.

    Args:
        evidence: the evidence collected for the submission.
    """
    code = evidence.roles.code
    for run in (evidence.known(Evidence.run), evidence.known(Evidence.full_run)):
        state = run.container(code) if run is not None else None
        if run is None or state is None or evidence.is_right(run):
            continue
        printed = run.lines_of(code) or run.engine_log.get(code, ())
        lines = last_lines("\n".join(printed)).splitlines()
        crash = find_crash(lines)
        silent = state.status == 0 and reports_error(lines) and not evidence.observed_prediction(run).where
        if crash is None and not silent and not _failed(state.status, run):
            continue
        frame = crash.frame_in(lambda file: bool(_own_file(evidence, file))) if crash else None
        file = _own_file(evidence, frame.file) if frame else evidence.places.codebase.file
        return FailedProgram(evidence, run, lines, crash, frame, file)
    return None


def _failed(status: int | None, run: StackRun) -> bool:
    """Return whether a program failed by itself, rather than being stopped."""
    return status not in (None, 0, 137, 143) and not run.stopped


def _own_file(evidence: Evidence, file: str) -> str:
    """Return the submission's file that a file of the container was copied from; empty if there is none."""
    name = f"{evidence.places.codebase.folder}/{posixpath.basename(file)}"
    return name if file.endswith(".py") and evidence.submission.has(name) and "/pybrain/" not in file else ""
