"""Read a crash from the output of a Python program: the last traceback, the place in the program, and the error."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_START = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$')
_ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?$")
# Errors that are reported without the first line of a traceback.
_OF_SYNTAX = re.compile(r"^(SyntaxError|IndentationError|TabError): (.*)$")
_LIBRARIES = ("site-packages", "dist-packages", "/lib/python", "<frozen", "<string>", "/pybrain/")
_MARKERS = re.compile(r"^\s*[~^]+[~^ ]*$")
_LONGEST = 40


@dataclass(frozen=True)
class Frame:
    """One call of a traceback.

    Attributes:
        file: its file in the container.
        line: its line.
        function: the function.
        code: the line of code; empty if the traceback shows none.
    """

    file: str
    line: int
    function: str
    code: str


@dataclass(frozen=True)
class Crash:
    """How a program ended with an error.

    Attributes:
        kind: the class of the error, without its module: ValueError.
        message: its message.
        frames: the calls, the innermost last.
        lines: the lines of the traceback.
    """

    kind: str
    message: str
    frames: tuple[Frame, ...]
    lines: tuple[str, ...]

    @property
    def last_line(self) -> str:
        """The last line of the traceback: class and message."""
        return f"{self.kind}: {self.message}" if self.message else self.kind

    def frame_in(self, is_own: Callable[[str], bool]) -> Frame | None:
        """Return the innermost call in a file of the program's author; otherwise the innermost one outside libraries.

        Args:
            is_own: returns whether a file is the author's.
        """
        own = [frame for frame in self.frames if is_own(frame.file)]
        other = [frame for frame in self.frames if not any(part in frame.file for part in _LIBRARIES)]
        candidates = own or other
        return candidates[-1] if candidates else None


def find_crash(lines: Sequence[str]) -> Crash | None:
    """Return the last crash that a program printed; None if it printed none.

    Args:
        lines: the lines that the program printed.
    """
    starts = [number for number, line in enumerate(lines) if line.strip() == _START]
    if not starts:
        return _syntax_error(lines)
    return _read(lines[starts[-1] :])


def _syntax_error(lines: Sequence[str]) -> Crash | None:
    for number, line in enumerate(lines):
        if _OF_SYNTAX.match(line):
            begins = [index for index in range(max(0, number - 4), number) if _FRAME.match(lines[index])]
            return _read(lines[begins[-1] : number + 1]) if begins else None
    return None


def _read(lines: Sequence[str]) -> Crash | None:
    frames: list[Frame] = []
    for number, line in enumerate(lines):
        if number and not line[:1].isspace() and line.strip() and (match := _ERROR.match(line.strip())):
            kind = match.group(1).rpartition(".")[2]
            shown = list(lines[: number + 1])
            return Crash(
                kind, (match.group(2) or "").strip(), tuple(frames), tuple(shown[:1] + shown[1:][-_LONGEST:])
            )
        if frame := _FRAME.match(line):
            code = lines[number + 1].strip() if number + 1 < len(lines) else ""
            has_code = code and not _FRAME.match(lines[number + 1]) and lines[number + 1][:1].isspace()
            shown_code = code if has_code and not _MARKERS.match(code) else ""
            frames.append(Frame(frame.group(1), int(frame.group(2)), frame.group(3) or "", shown_code))
    return None
