"""Find the message that says why a program failed in what it printed."""

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
    """Return the end of an output, with long lines cut: what is searched for reasons.

    Args:
        text: what a program printed.
    """
    return "\n".join(line[:_LONGEST_LINE] for line in text.splitlines()[-_MOST_LINES:])


def missing_program(output: str) -> str:
    """Return the program that a container was to start and its image does not have; empty if there is none.

    Args:
        output: what the engine printed.
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

    What a program prints as an error and what it prints otherwise reach a log in no certain order.

    Args:
        lines: what the program printed.
        default: what is returned where it printed nothing.
    """
    messages = [line.strip() for line in lines if line.strip() and not _SEE_HELP.match(line.strip())]
    errors = [line for line in messages if _ERROR.match(line)]
    return (errors or messages or [default])[-1][:200]
