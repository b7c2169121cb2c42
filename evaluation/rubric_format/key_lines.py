"""Find the line numbers of the tables and keys of a rubric, which TOML parsers do not keep."""

from __future__ import annotations

import re
from collections.abc import Mapping

# The location of a table: (2, 0) is the first check of the third line, ("layout", 1) the second container.
Where = tuple[int | str, ...]

_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*=(.*)")


def find_key_lines(text: str) -> Mapping[Where, int]:
    """Return the line number of every table and key, counted from 1.

    Args:
        text: the content of the rubric.
    """
    lines: dict[Where, int] = {}
    counts: dict[str, int] = {}
    where: Where = ()
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:  # a multi-line string
            inside = "" if inside in line else inside
        elif match := _HEADER.match(line):
            where = _table(re.sub(r"\s", "", match.group(1)), counts)
            lines.setdefault(where, number)
        elif match := _KEY.match(line):
            lines.setdefault((*where, match.group(1)), number)
            for quotes in ('"""', "'''"):
                inside = quotes if match.group(2).count(quotes) == 1 else inside
    return lines


def _table(name: str, counts: dict[str, int]) -> Where:
    """Return the location of a table, and count it.

    Args:
        name: the dotted name of the table.
        counts: the number of tables so far, by name; checks are counted separately for each line.
    """
    number = counts.get(name, -1) + 1
    counts[name] = number
    if name == "line":
        counts.pop("line.check", None)
        return (number,)
    if name == "line.check":
        return (counts.get("line", 0), number)
    if name == "layout.container":
        return ("layout", number)
    return (name,)
