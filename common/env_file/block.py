"""Edit a marked block of lines in a `.env` file and keep everything else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from common.env_file.syntax import Assignment, EnvFileError, parse

BEGIN = "# >>> hardware: written by detect_hardware.py, which replaces the lines up to <<<"
END = "# <<< hardware"

_NAME = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=")


class Edited(NamedTuple):
    """The edited file.

    Attributes:
        content: the content in bytes.
        written: the variables in the block.
        kept: the variables that the file assigns outside of the block, which take precedence, with the last assignment
            of each.
    """

    content: bytes
    written: Mapping[str, str]
    kept: Mapping[str, Assignment]


def edit(content: bytes, variables: Mapping[str, str], names: Collection[str], file: str = ".env") -> Edited:
    """Return a file in which the block of variables is replaced, or added at the end.

    All other lines are kept unchanged, with their order and line endings. A variable that one of them assigns is left
    out of the block. Lines that the user has written into the block move below it.

    Args:
        content: the content of the file in bytes; empty if there is no file.
        variables: the values by name; they must not need quotes.
        names: the names of all variables that a block may contain.
        file: the file name for messages.

    Raises:
        EnvFileError: the file cannot be parsed, or the markers of its block are damaged.
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
    """Return the values of all variables that a file assigns outside of its block; an ambiguous value is empty.

    Args:
        content: the content of the file in bytes.
        names: the names of all variables that a block may contain.
        file: the file name for messages.

    Raises:
        EnvFileError: the file cannot be parsed, or the markers of its block are damaged.
    """
    before, inside, after = _split(content, file)
    others = b"".join([*before, *_foreign(inside, names), *after])
    return {each.name: each.value for each in parse(others, {}, file)}


def _split(content: bytes, file: str) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Return the lines before the block, between its markers, and after it."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+\Z", content)
    begins, ends = _places(lines, BEGIN), _places(lines, END)
    if not begins and not ends:
        return lines, [], []
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        line = min(begins + ends) + 1
        raise EnvFileError(
            f"{file} line {line} is an unmatched or repeated marker of the block of variables.",
            hint=f"Delete the lines from '{BEGIN[:14]}' to '{END}'; the command writes them again.",
            line=line,
        )
    return lines[: begins[0]], lines[begins[0] + 1 : ends[0]], lines[ends[0] + 1 :]


def _places(lines: list[bytes], mark: str) -> list[int]:
    return [place for place, line in enumerate(lines) if line.strip() == mark.encode()]


def _foreign(lines: list[bytes], names: Collection[str]) -> list[bytes]:
    """Return the lines of a block that this program has not written."""
    own = {name.encode() for name in names}
    return [line for line in lines if (match := _NAME.match(line)) is None or match[1] not in own]
