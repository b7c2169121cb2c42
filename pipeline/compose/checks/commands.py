"""Commands: words, or a line that is split into words as Compose splits it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from pipeline.compose.checks.addresses import check_text
from pipeline.compose.findings import Findings

_OPERATORS = frozenset(["&&", "||", ";", "|", ">", ">>", "<", "&"])
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def checked_words(value: str | Sequence[str] | None, path: str, findings: Findings) -> tuple[str, ...]:
    """Return the words of a command, or report why it is refused.

    Args:
        value: a line or words; None for none.
        path: the place in the request.
        findings: where problems and warnings are reported.
    """
    if value is None:
        return ()
    if not isinstance(value, str):
        for index, word in enumerate(value):
            check_text(word, f"{path}[{index}]", findings)
        return tuple(value)
    check_text(value, path, findings)
    try:
        words = tuple(shlex.split(value))
    except ValueError:
        findings.refuse(path, "a quotation mark is not closed", "Close it, or write a list of words.")
        return ()
    operators = sorted(_OPERATORS & set(words))
    if operators:
        findings.warn(
            path,
            f"no shell runs this line, so {operators[0]} is a word like the others; write [sh, -c, LINE] for a shell",
        )
    return words


def command_for(script: str) -> tuple[str, ...]:
    """Return the words that run a program by its path."""
    if script.endswith(".py"):
        return ("python", script)
    return ("sh", script) if script.endswith(".sh") else (script,)
