"""Show the progress of a class on the console."""

from __future__ import annotations

import shutil
import time

from common.console import Console
from evaluation.cohort.entry import Entry, State


class Progress:
    """A line for each submission that has ended and, on a terminal, lines below them for those that are running.

    The lines below are redrawn repeatedly, so each is truncated to the width of the terminal.

    Args:
        console: the console to write to.
        entries: the submissions of the class.
    """

    def __init__(self, console: Console, entries: list[Entry]) -> None:
        self.console = console
        self.entries = entries
        self.width = min(max(len(entry.name) for entry in entries), 40)
        self._drawn = 0
        self._last = 0.0
        self.console.heading(f"Evaluation of {len(entries)} submissions")
        for entry in entries:
            if entry.state in (State.REUSED, State.FAILED):
                self.finished(entry)

    def finished(self, entry: Entry) -> None:
        """Print the line of a submission that has ended."""
        self._wipe()
        self.console.print(self._line(entry))
        self._last = 0.0

    def _line(self, entry: Entry) -> str:
        points = ""
        if entry.report is not None:
            first, rest = entry.report.total_text.split(" ", 1)
            points = f"{first:>5} {rest}"
            points += f", {len(entry.report.unchecked)} not checked" if entry.report.unchecked else ""
        text = entry.error.splitlines()[0] if entry.error else points or entry.step
        name = entry.name if len(entry.name) <= self.width else entry.name[: self.width - 1] + "…"
        return f"  {name:<{self.width}}  {entry.state:<11}  {text[:90]}"

    def show(self) -> None:
        """Draw the lines of running submissions, at most twice a second."""
        if not self.console.is_terminal or time.monotonic() - self._last < 0.5:
            return
        self._wipe()
        self._last = time.monotonic()
        finished = sum(entry.state not in (State.WAITING, State.RUNNING) for entry in self.entries)
        lines = [self._line(entry) for entry in self.entries if entry.state == State.RUNNING]
        lines.append(f"  {finished} of {len(self.entries)} have ended")
        columns = shutil.get_terminal_size().columns
        self.console.out.write("".join(f"{line[: columns - 1]}\n" for line in lines))
        self.console.out.flush()
        self._drawn = len(lines)

    def _wipe(self) -> None:
        if self._drawn:
            self.console.out.write(f"\x1b[{self._drawn}A\r\x1b[J")
        self._drawn = 0

    def close(self) -> None:
        """Print the lines of the submissions that were stopped."""
        self._wipe()
        for entry in self.entries:
            if entry.state in (State.STOPPED, State.WAITING):
                self.console.print(self._line(entry))
        self.console.print()
