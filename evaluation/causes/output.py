"""Find the message in a program's output that says why it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ERROR = re.compile(
    r"[\w.]*(Error|Exception)\b|✗|(?i:error|fatal)\b.*:|\w[\w./-]*: (can't|cannot|not found|no such)"
)
# What the engine's client prints after the reason.
_SEE_HELP = re.compile(r"(?:Run|See) '\w[\w -]* --help'(?: for more information)?\.?$")
_NOT_STARTED = re.compile(r"exec: \"([^\"]{1,200})\": (?:executable file not found|stat )")
_MOST_LINES, _LONGEST_LINE = 1000, 1000


def last_lines(text: str) -> str:
    """Return the end of an output, with long lines truncated, so that it can be searched for reasons.

    Args:
        text: the output of a program.
    """
    return "\n".join(line[:_LONGEST_LINE] for line in text.splitlines()[-_MOST_LINES:])


def missing_program(output: str) -> str:
    """Return the program that a container was to start and its image does not have; empty if there is none.

    Args:
        output: the output of the engine.
    """
    match = _NOT_STARTED.search(last_lines(output))
    return match.group(1) if match else ""


def reports_error(lines: Sequence[str]) -> bool:
    """Return whether a program printed an error.

    Args:
        lines: what the program printed.
    """
    return any(_ERROR.match(line.strip()) for line in lines)


def last_message(lines: Sequence[str], default: str = "it printed nothing") -> str:
    """Return the last error that a program printed; if there is none, its last line.

    Standard output and standard error reach a log in no particular order.

    Args:
        lines: what the program printed.
        default: the value to return if it printed nothing.
    """
    messages = [line.strip() for line in lines if line.strip() and not _SEE_HELP.match(line.strip())]
    errors = [line for line in messages if _ERROR.match(line)]
    return (errors or messages or [default])[-1][:200]
