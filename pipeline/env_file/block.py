"""Change a marked block of lines in a `.env` file, and nothing else in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from pipeline.env_file.syntax import Assignment, EnvFileError, parse

BEGIN = "# >>> hardware: written by detect_hardware.py, which replaces the lines up to <<<"
END = "# <<< hardware"

_NAME = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=")


class Edited(NamedTuple):
    """A changed file.

    Attributes:
        content: its bytes.
        written: the variables in the block.
        kept: the last assignments of variables that the file assigns outside of the block; these count.
    """

    content: bytes
    written: Mapping[str, str]
    kept: Mapping[str, Assignment]


def edit(content: bytes, variables: Mapping[str, str], names: Collection[str], file: str = ".env") -> Edited:
    """Return a file with a block of variables; it begins with the existing block, or at the end.

    All other lines stay as they are, in their order and with their line ends. A variable that one of them assigns is
    left out of the block. Lines that a person has written into the block move below it.

    Args:
        content: the bytes of the file; empty where there is none.
        variables: the values; they need no quotes.
        names: the names of all variables that a block may hold.
        file: its name for messages.

    Raises:
        EnvFileError: the file cannot be parsed, or its marks are damaged.
    """
    end_of_line = b"\r\n" if content.count(b"\r\n") * 2 > content.count(b"\n") else b"\n"
    before, inside, after = _split(content, file)
    assigned = assigned_outside(content, names, file)
    written = {name: value for name, value in variables.items() if name not in assigned}
    block = [BEGIN, *(f"{name}={value}" for name, value in written.items()), END] if written else []
    lines = [line.encode() + end_of_line for line in block]
    if block and before and not before[-1].endswith(b"\n"):
        before[-1] += end_of_line
    changed = b"".join([*before, *lines, *_foreign(inside, names), *after])
    kept = {each.name: each for each in parse(changed, {}, file) if each.name in variables.keys() - written}
    return Edited(changed, written, kept)


def assigned_outside(content: bytes, names: Collection[str], file: str = ".env") -> dict[str, str]:
    """Return the values of all variables that a file assigns outside of its block; empty where they are ambiguous.

    Args:
        content: the bytes of the file.
        names: the names of all variables that a block may hold.
        file: its name for messages.

    Raises:
        EnvFileError: the file cannot be parsed, or its marks are damaged.
    """
    before, inside, after = _split(content, file)
    others = b"".join([*before, *_foreign(inside, names), *after])
    return {each.name: each.value for each in parse(others, {}, file)}


def _split(content: bytes, file: str) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Return the lines before the block, those between its marks, and those after it."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+\Z", content)
    begins, ends = _places(lines, BEGIN), _places(lines, END)
    if not begins and not ends:
        return lines, [], []
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        line = min(begins + ends) + 1
        raise EnvFileError(
            f"{file} line {line} is a mark of the block of variables, but there is not one pair of them.",
            hint=f"Delete the lines from '{BEGIN[:14]}' to '{END}'; they are written anew.",
            line=line,
        )
    return lines[: begins[0]], lines[begins[0] + 1 : ends[0]], lines[ends[0] + 1 :]


def _places(lines: list[bytes], mark: str) -> list[int]:
    return [place for place, line in enumerate(lines) if line.strip() == mark.encode()]


def _foreign(lines: list[bytes], names: Collection[str]) -> list[bytes]:
    """Return the lines of a block that this program does not write."""
    own = {name.encode() for name in names}
    return [line for line in lines if (match := _NAME.match(line)) is None or match[1] not in own]
