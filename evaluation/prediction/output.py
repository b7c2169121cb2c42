"""The lines that a program wrote or printed in a run, for knowledge that the evaluation cannot compute."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.layout.expected_layout import Layout
from evaluation.layout.patterns import find_files
from evaluation.prediction.other_content import TABLES
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import decode_text

# Limits on an output: bytes of a file, number of lines.
_LARGEST, _LINES = 4 * 1024 * 1024, 20_000
# A numeric cell: a first row without one is a header.
_CELL = re.compile(r"(?:^|[,;\t ])\s*[-+]?\d[\d.,eE+-]*\s*(?:$|[,;\t ])")
_DIGIT = re.compile(r"\d")
# Keys of a prediction in a JSON document.
_PREDICTION = re.compile(r"predict|forecast|probabilit|vorhersage|prognose", re.IGNORECASE)
_TRACEBACK = "Traceback (most recent call last):"
# Lines that report a failure; a path or message in them may contain the word that marks a prediction.
_ERROR = re.compile(
    r"^\s*File \"[^\"]+\", line \d|\b[A-Za-z]\w*(?:Error|Exception)\b|^\S+: .*(?i:can't open|not found|no such file)"
)


@dataclass(frozen=True)
class Output:
    """The output of a program in one run.

    Attributes:
        where: the file, or a description of what printed the output; empty if there is none.
        lines: its non-empty lines; for a binary file, its SHA-256.
        is_text: whether the lines can be counted and read.
    """

    where: str = ""
    lines: tuple[str, ...] = ()
    is_text: bool = True

    @property
    def rows(self) -> tuple[str, ...]:
        """The lines with a prediction: all lines except the header of a table."""
        return self.lines[_has_header(self.where, self.lines) :]


def data_rows(name: str, text: str) -> int:
    """Return the number of rows of a table, without its header; 1 for a file that is not a table.

    Args:
        name: the name of the file.
        text: the content of the file.
    """
    if not name.lower().endswith(TABLES):
        return 1
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) - _has_header(name, lines)


def _has_header(name: str, lines: Sequence[str]) -> bool:
    return name.lower().endswith(TABLES) and len(lines) > 1 and not _CELL.search(lines[0])


def find_output(layout: Layout, shared: Mapping[str, VolumeEntry], printed: Sequence[str]) -> Output:
    """Return the output of a run: the first file that the rubric names, else the printed lines that match its pattern.

    Args:
        layout: the layout with the file patterns and the pattern of the lines.
        shared: the files of the shared folder after the run, without those that the data containers deliver.
        printed: the lines that the program printed.
    """
    for name in find_files(layout.output_files, list(shared)):
        entry = shared[name]
        if entry.kind == "file" and entry.size:
            return _of_file(f"{layout.shared_folders[0]}/{name}", entry)
    if not layout.output_lines:
        return Output()
    pattern = re.compile(layout.output_lines)
    shown = _shown(pattern, [line[:2000].strip() for line in _without_errors(printed[:_LINES])])
    return Output("the output of codebase" if shown else "", shown)


def _without_errors(lines: Sequence[str]) -> list[str]:
    """Return the lines that belong neither to a traceback nor to an error message.

    Args:
        lines: the lines that a program printed.
    """
    kept: list[str] = []
    inside = False
    for line in lines:
        if line.strip() == _TRACEBACK:
            inside = True
        elif inside:
            inside = not line.strip() or line[0].isspace()  # the error itself is not indented
        elif not _ERROR.search(line):
            kept.append(line)
    return kept


def _shown(pattern: re.Pattern[str], lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that match a pattern; for a heading with a colon, the numbers below it instead.

    Args:
        pattern: the pattern.
        lines: the lines that a program printed.
    """
    shown: list[str] = []
    heading = below = False
    for line in lines:
        if pattern.search(line):
            heading, below = line.endswith(":"), False
            shown.append(line)
        elif (heading or below) and _DIGIT.search(line):
            if heading:
                shown.pop()
            shown.append(line)
            heading, below = False, True
        elif line:
            heading = below = False
    return tuple(shown)


def _of_file(where: str, entry: VolumeEntry) -> Output:
    content = entry.content[:_LARGEST]
    if b"\0" in content:
        return Output(where, (entry.sha256,), is_text=False)
    text = decode_text(content)[0]
    if where.endswith(".json") and (items := _json_items(text)):
        return Output(where, items)
    return Output(where, tuple(line.strip()[:2000] for line in text.splitlines()[:_LINES] if line.strip()))


def _json_items(text: str) -> tuple[str, ...]:
    """Return the predictions of a JSON document; empty if it has neither a list nor a value named as a prediction.

    They are the items of the longest list that is named as a prediction; without one, the single values that are
    named so, in one line; without these, the items of the longest list of all. A document about one prediction often
    has other lists, such as the shape of the input.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    values = data if isinstance(data, dict) else {"": data}
    named = {key: value for key, value in values.items() if _PREDICTION.search(key)}
    single = {key: value for key, value in named.items() if isinstance(value, (int, float, str))}
    lists = [value for value in named.values() if isinstance(value, list)]
    if single and not lists:
        return (json.dumps(single)[:2000],)
    lists = lists or [value for value in values.values() if isinstance(value, list)]
    return tuple(json.dumps(item)[:2000] for item in max(lists, key=len)[:_LINES]) if lists else ()
