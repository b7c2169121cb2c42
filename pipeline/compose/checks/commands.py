"""Commands: words, or a line that is split into words as Compose splits it."""

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
"""How many characters a command may have as a line with quotation marks, which are looked at one by one."""
MOST_WORDS = 256
"""How many words a command may have; as many as in a list of the schema."""


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
    words = _words_of(value, path, findings)
    operators = sorted(_OPERATORS & set(words))
    if operators:
        findings.warn(
            path,
            f"no shell runs this line, so {operators[0]} is a word like the others; write [sh, -c, LINE] for a shell",
        )
    return words


def _words_of(line: str, path: str, findings: Findings) -> tuple[str, ...]:
    """Return the words of a line, split as by a shell; none where it is refused."""
    has_quotes = _QUOTING.search(line) is not None
    if has_quotes and len(line) > LONGEST_LINE:
        reason = (
            f"a line with quotation marks has {len(line):,} characters; at most {LONGEST_LINE:,} are split"
        )
        findings.refuse(path, reason, "Write a list of words.")
        return ()
    try:
        words = shlex.split(line) if has_quotes else _WORD.findall(line)
    except ValueError:
        findings.refuse(path, "a quotation mark is not closed", "Close it, or write a list of words.")
        return ()
    if len(words) > MOST_WORDS:
        findings.refuse(
            path, f"{len(words):,} words; at most {MOST_WORDS} are taken", "Put them into a file."
        )
        return ()
    return tuple(words)


def command_for(script: str) -> tuple[str, ...]:
    """Return the words that run a program by its path."""
    if script.endswith(".py"):
        return ("python", script)
    return ("sh", script) if script.endswith(".sh") else (script,)
