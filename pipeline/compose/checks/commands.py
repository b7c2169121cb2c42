"""Check commands: lists of words, or lines that are split into words as Compose splits them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from pipeline.compose.checks.addresses import check_text
from pipeline.compose.findings import Findings

_OPERATORS = frozenset(["&&", "||", ";", "|", ">", ">>", "<", "&"])
_WORD = re.compile(r"[^ \t\r\n]+")
_QUOTING = re.compile(r"[\"'\\]")
LONGEST_LINE = 8000
"""Maximum number of characters of a line with quotation marks, which takes long to split."""
MOST_WORDS = 256
"""Maximum number of words of a command, as in the schema."""


def checked_words(value: str | Sequence[str] | None, path: str, findings: Findings) -> tuple[str, ...]:
    """Return the words of a command, or report why it is refused.

    Args:
        value: the command as a line or as a list of words; None for none.
        path: its path in the request.
        findings: collects problems and warnings.
    """
    if value is None:
        return ()
    if not isinstance(value, str):
        for index, word in enumerate(value):
            check_text(word, f"{path}[{index}]", findings)
        return tuple(value)
    check_text(value, path, findings)
    words = _words_of(value, path, findings)
    operators = sorted(_OPERATORS & set(words))
    if operators:
        findings.warn(
            path,
            f"no shell runs this line, so {operators[0]} is passed as an argument; for a shell, write [sh, -c, LINE]",
        )
    return words


def _words_of(line: str, path: str, findings: Findings) -> tuple[str, ...]:
    """Return the words of a line, split as by a shell; an empty tuple if the line is refused."""
    has_quotes = _QUOTING.search(line) is not None
    if has_quotes and len(line) > LONGEST_LINE:
        reason = (
            f"a line with quotation marks has {len(line):,} characters; at most {LONGEST_LINE:,} are allowed"
        )
        findings.refuse(path, reason, "Write a list of words.")
        return ()
    try:
        words = shlex.split(line) if has_quotes else _WORD.findall(line)
    except ValueError:
        findings.refuse(path, "has an unclosed quotation mark", "Close it, or write a list of words.")
        return ()
    if len(words) > MOST_WORDS:
        findings.refuse(
            path,
            f"has {len(words):,} words; at most {MOST_WORDS} are allowed",
            "Put the command into a script.",
        )
        return ()
    return tuple(words)


def command_for(script: str) -> tuple[str, ...]:
    """Return the command that runs a program file."""
    if script.endswith(".py"):
        return ("python", script)
    return ("sh", script) if script.endswith(".sh") else (script,)
