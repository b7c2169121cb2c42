"""Search the files and output of a run for the expected prediction, in any reasonable form.

The amount of text is limited, and every comparison is counted (see `NumberSearch`): among too many numbers, any
prediction could be found by chance, so none is accepted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.project import CARD_FILE, KNOWLEDGE_FILE, SHARED_ACTIVATION_FILE
from evaluation.prediction.printed_numbers import (
    APART,
    LOOK,
    NumberSearch,
    PrintedNumber,
    has_decimal_commas,
    parse_numbers,
)
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import decode_text

# The input files of a run.
GIVEN = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, "currentActivation.csv")
_TEXT = (".csv", ".json", ".txt", ".log", ".out", ".md", ".tsv")
_PREDICTS = re.compile(r"predict|vorhersage|prognose", re.IGNORECASE)
_TELLS = re.compile(
    r"predict|vorhersage|prognose|output|result|answer|ergebnis|ausgabe|antwort|y_?hat|->|=>|→", re.IGNORECASE
)
_ESTIMATE = re.compile(r"y_?hat|y_?pred|estimate", re.IGNORECASE)
# Letters in a printed array that do not count as text beside its numbers.
_NOTATION = re.compile(
    r"(?<!\w)(?:np|numpy|tf|array|matrix|[Tt]ensor|dtype|float\d*|shape)(?!\w)|(?<=[\d.])[eE](?=[-+]?\d)"
)
# Maximum number of lines of a printed array after the word.
_WINDOW = 12
_LARGEST = 16 * 1024 * 1024
# Limits on a string: lines, characters per line, numbers per line, numbers in total. A table row takes one line, and
# a line has room for the inputs and outputs of a network.
_LINES, _LONG_LINE, _OF_A_LINE, _IN_ALL = 5_000, 16_384, 2_048, 50_000
_FILES = 50
# A list of all predictions is recognised by its first items.
_FIRST = 3
# Number of rows of a JSON document that are compared if the first row is not where a prediction begins.
_ROWS = 50
_LETTER = re.compile(r"[^\W\d_]")
# Number of characters of a line that are searched for array notation.
_NOTED = 4_096
# Limit on the probability that a number without any text beside it matches by accident: three digits suffice, two
# do not.
_WITHOUT_WORD = 0.005
PRINTED = "the output of codebase"
FLOOD = "the output has too many numbers to recognise a prediction in it"


@dataclass(frozen=True)
class ObservedPrediction:
    """The prediction that a run shows.

    Attributes:
        equal: whether it is the expected prediction.
        where: the file or the line; empty if nothing was found.
        shown: the matching output, or the output shown instead of the expected prediction.
        chance: the probability that unrelated numbers match by accident.
        flooded: whether there were too many numbers for a match to count.
        reading: the index of the expected prediction that was found.
        by_label: whether only class labels were found, which a guess is likely to match.
    """

    equal: bool
    where: str = ""
    shown: str = ""
    chance: float = 1.0
    flooded: bool = False
    reading: int = 0
    by_label: bool = False


@dataclass(frozen=True)
class _SearchResult:
    """The result of one search: the matching output, if any, and the number of comparisons so far."""

    text: str = ""
    chance: float = 1.0
    flooded: bool = False
    windows: int = 0


def find_prediction(
    expected: Sequence[NDArray[np.float64]], shared: Mapping[str, VolumeEntry], lines: Sequence[str]
) -> ObservedPrediction:
    """Search for the expected prediction.

    Args:
        expected: arrays of shape (rows, outdim), one for each possible choice of input columns.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
    """
    files, texts = _files(shared), result_texts(shared)
    flooded, windows = "", 0  # many files with a few numbers each count as too many numbers, too
    for entry in texts:
        for reading, outputs in enumerate(expected):
            result = _search_file(entry, outputs, windows)
            windows = result.windows
            if result.text:
                where = f"shared_data/{entry.name}"
                return ObservedPrediction(True, where, result.text, result.chance, reading=reading)
            flooded = flooded or (f"shared_data/{entry.name}" if result.flooded else "")
    for reading, outputs in enumerate(expected):
        result = _search_lines(lines, outputs, windows)
        windows = result.windows
        if result.text:
            return ObservedPrediction(True, PRINTED, result.text, result.chance, reading=reading)
        flooded = flooded or (PRINTED if result.flooded else "")
        if len(outputs) > 1 and (result := _search_table(_printed(lines), outputs, windows)).text:
            return ObservedPrediction(True, PRINTED, result.text, result.chance, reading=reading)
    if flooded:
        return ObservedPrediction(False, flooded, FLOOD, flooded=True)
    return _describe_other_output(files, lines)


def _files(shared: Mapping[str, VolumeEntry]) -> list[VolumeEntry]:
    """Return the files that a run wrote, without its input files; predictions first."""
    return sorted(
        (entry for name, entry in shared.items() if entry.kind == "file" and name not in GIVEN),
        key=lambda entry: ("predict" not in entry.name.lower(), entry.name),
    )


def result_texts(shared: Mapping[str, VolumeEntry]) -> list[VolumeEntry]:
    """Return the files that are searched for a prediction.

    Args:
        shared: the entries of the shared folder after the run.
    """
    return [entry for entry in _files(shared) if entry.name.lower().endswith(_TEXT)][:_FILES]


def _printed(lines: Sequence[str]) -> str:
    return "\n".join(line[:_LONG_LINE] for line in lines[:_LINES])


def _describe_other_output(files: Sequence[VolumeEntry], lines: Sequence[str]) -> ObservedPrediction:
    """Return what is shown instead of the expected prediction."""
    for line in lines[:_LINES]:
        if _PREDICTS.search(line[:_LONG_LINE]) and parse_numbers(line[:_LONG_LINE], limit=1):
            return ObservedPrediction(False, "the output of codebase", line.strip()[:200])
    for entry in files:
        if "predict" in entry.name.lower():
            text = decode_text(entry.content[:400])[0].strip()
            return ObservedPrediction(
                False, f"shared_data/{entry.name}", " | ".join(text.splitlines()[:3])[:200]
            )
    return ObservedPrediction(False)


def _first_row(outputs: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.6g}" for value in outputs[0, :16].tolist())


def _search_file(entry: VolumeEntry, outputs: NDArray[np.float64], windows: int) -> _SearchResult:
    if len(entry.content) > _LARGEST:
        return _SearchResult(windows=windows)
    text = decode_text(entry.content)[0]
    if entry.name.lower().endswith(".json"):
        return _search_json(text, outputs, bool(_TELLS.search(entry.name)), windows)
    if entry.name.lower().endswith((".csv", ".tsv")):
        return _search_table(text, outputs, windows)
    result = _search_lines(text.splitlines(), outputs, windows)
    if result.text:
        return result
    table = _search_table(text, outputs, result.windows)
    return replace(table, flooded=table.flooded or result.flooded)


# --- tables


def _search_table(text: str, outputs: NDArray[np.float64], windows: int) -> _SearchResult:
    """Search a table for one line per row, in order, with the outputs of that row."""
    lines = [line[:_LONG_LINE] for line in text.splitlines() if line.strip()]
    if named := _named_columns(lines, outputs.shape):
        table = _matches_rows(
            named, outputs, has_decimal_commas(text[:_LARGEST]) and ";" in lines[0], windows
        )
        if table.text and table.chance <= LOOK:
            return table
        windows = table.windows
    readings = (False, True) if has_decimal_commas(text[:_LARGEST]) else (False,)
    flooded = False
    for comma in readings:
        for count, rows in enumerate(_candidate_tables(lines, outputs, comma), 1):
            table = _matches_rows(rows, outputs, comma, windows)
            chance = count * table.chance
            if table.text and chance <= LOOK:
                return replace(table, chance=chance)
            flooded, windows = flooded or table.flooded or bool(table.text), table.windows
    return _SearchResult(flooded=flooded, windows=windows)


def _named_columns(lines: Sequence[str], shape: tuple[int, ...]) -> list[str]:
    """Return the cells of the columns that are named as predictions, one line per row.

    Among the many columns of a wide table, a prediction could match by accident.
    """
    rows, count = shape
    if len(lines) != rows + 1:
        return []
    separator = max(",;\t", key=lines[0].count)
    names = lines[0].split(separator)
    places = [place for place, name in enumerate(names) if _PREDICTS.search(name) or _ESTIMATE.search(name)]
    table = [line.split(separator) for line in lines[1:]]
    if len(places) != count or len(names) == count or any(len(cells) != len(names) for cells in table):
        return []
    return [" ; ".join(cells[place] for place in places) for cells in table]


def _candidate_tables(
    lines: Sequence[str], outputs: NDArray[np.float64], comma: bool
) -> Iterator[Sequence[str]]:
    """Yield candidate rows of a table: the last lines, lines with a keyword, or lines with equally many numbers."""
    rows, columns = outputs.shape
    numeric_lines = [line for line in lines if _has_numbers(line, columns, comma)]
    if len(numeric_lines) < rows:
        return
    yield numeric_lines[-rows:]
    if not 1 < rows < len(numeric_lines) <= _LINES:
        return
    counts = [len(parse_numbers(line, comma=comma, limit=_OF_A_LINE)) for line in numeric_lines]
    keyword_lines = [line for line in numeric_lines if _TELLS.search(line)]
    for candidates in (
        keyword_lines,
        [line for line, count in zip(numeric_lines, counts, strict=True) if count == _most_common(counts)],
    ):
        if len(candidates) >= rows:
            yield candidates[:rows]
            yield candidates[-rows:]
    yield numeric_lines[:rows]


def _most_common(counts: Sequence[int]) -> int:
    return max(set(counts), key=counts.count)


def _matches_rows(
    lines: Sequence[str], outputs: NDArray[np.float64], comma: bool, windows: int
) -> _SearchResult:
    """Compare each line with the outputs of its row, to two digits of the table's largest output."""
    scale = float(np.abs(outputs).max())
    chances = []
    for line, expected in zip(lines, outputs, strict=True):
        search = NumberSearch(expected.tolist(), windows, scale=scale, most=math.inf)
        if not search.finds(
            search.precise(parse_numbers(line, comma=comma, limit=_OF_A_LINE + len(expected)))
        ):
            return _SearchResult(flooded=search.flooded, windows=search.windows)
        chances.append(min(1.0, search.chance))
    return _SearchResult(_first_row(outputs), _joint_chance(chances, outputs, scale), windows=windows)


def _joint_chance(chances: Sequence[float], outputs: NDArray[np.float64], scale: float) -> float:
    """Return the probability that all rows of a table match by accident.

    Only the most precise row and one that clearly differs from it count, because many outputs may be alike.
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    distinct = np.abs(outputs - outputs[order[0]]).max(axis=1) > APART * scale
    other = next((chances[index] for index in order if distinct[index]), 1.0)
    return chances[order[0]] * other


def _has_numbers(line: str, least: int, comma: bool) -> bool:
    return len(parse_numbers(line, comma=comma, limit=least)) >= least


# --- JSON documents


def _search_json(text: str, outputs: NDArray[np.float64], named: bool, windows: int) -> _SearchResult:
    """Search a JSON document for all rows in order, or for the first row where a prediction begins."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _SearchResult(windows=windows)
    numbers, starts = _predicted_numbers(value, named or isinstance(value, list))
    all_rows, first_row = (
        NumberSearch(outputs[:_ROWS].ravel().tolist(), windows),
        NumberSearch(outputs[0].tolist(), windows),
    )
    if len(outputs) > 1 and all_rows.finds(all_rows.precise(numbers)):
        return _SearchResult(_first_row(outputs), all_rows.chance)
    precise = [index for index, number in enumerate(numbers) if first_row.can_be(number)]
    positions = {index: position for position, index in enumerate(precise)}
    row_starts = [positions[start] for start in starts if start in positions]
    if first_row.finds([numbers[index] for index in precise], row_starts):
        return _SearchResult(_first_row(outputs), first_row.chance)
    return _SearchResult(flooded=first_row.flooded or all_rows.flooded, windows=first_row.windows)


def _predicted_numbers(value: Any, named: bool) -> tuple[list[PrintedNumber], list[int]]:
    """Return the numbers under keys that name a prediction, and the positions where such parts begin.

    Each number is returned once, however deeply it is nested.
    """
    numbers: list[PrintedNumber] = []
    starts: dict[int, None] = {}
    waiting: list[tuple[Any, bool]] = [(value, named)]
    while waiting and len(numbers) < _IN_ALL:
        value, named = waiting.pop()
        if named:
            starts[len(numbers)] = None
        if isinstance(value, dict):
            entries = [(inner, named or bool(_TELLS.search(key[:200]))) for key, inner in value.items()]
            waiting += reversed(entries)
        elif isinstance(value, list):
            waiting += [(inner, named) for inner in reversed(value)]
        elif named:
            numbers += _numbers_of_value(value)
    return numbers, list(starts)


def _numbers_of_value(value: Any) -> list[PrintedNumber]:
    if isinstance(value, str):
        text = value[:_LONG_LINE]
        numbers = parse_numbers(text, limit=_OF_A_LINE)
        return parse_numbers(text, comma=True, limit=_OF_A_LINE) if has_decimal_commas(text) else numbers
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return []
    if isinstance(value, int) and value.bit_length() > 256:
        return []
    return parse_numbers(repr(value), limit=1)


# --- printed lines


def _search_lines(lines: Sequence[str], outputs: NDArray[np.float64], windows: int) -> _SearchResult:
    """Search for a line with the first row, or for a list of all rows, near a word that names a prediction."""
    shortened = [line[:_LONG_LINE] for line in lines[:_LINES]]
    result = _search_near_words(shortened, outputs[0].tolist(), windows)
    if result.text or len(outputs) == 1:
        return result
    several = _search_near_words(shortened, outputs[:_FIRST].ravel().tolist(), result.windows)
    return replace(several, flooded=several.flooded or result.flooded)


def _search_near_words(lines: Sequence[str], expected: list[float], windows: int) -> _SearchResult:
    """Search for a line with some outputs in order: near a word that names a prediction, or without any text."""
    commas = any(has_decimal_commas(index) for index in lines)
    search = NumberSearch(expected, windows)
    pages = [_PrintedPage(lines, search, comma) for comma in ((False, True) if commas else (False,))]
    for word in (_PREDICTS, _TELLS):
        for numbers_near in (_PrintedPage.behind, _PrintedPage.before, _PrintedPage.below):
            for number, page in enumerate(pages):
                for index, starts in numbers_near(page, word):
                    if search.finds(page.figures, starts, number):
                        return _SearchResult(lines[index].strip()[:200], search.chance)
    for number, page in enumerate(pages):
        for index, starts in page.alone():
            if search.finds(page.figures, starts, number) and search.chance <= _WITHOUT_WORD:
                return _SearchResult(lines[index].strip()[:200], search.chance)
    # In any other line, only a number with many digits counts.
    exact = 1e-5 * search.largest
    for number, page in enumerate(pages):
        precise = [value for value in page.figures if value.rounding < exact]
        if search.finds(precise, text=number + len(pages)):
            return _SearchResult("a number with all its digits", search.chance)
    return _SearchResult(flooded=search.flooded, windows=search.windows)


def _is_bare(text: str) -> bool:
    """Return whether a line has only numbers and no words; a long line with array notation counts as words."""
    if not _LETTER.search(text):
        return True
    return len(text) <= _NOTED and not _LETTER.search(_NOTATION.sub("", text))


class _PrintedPage:
    """Printed lines, with their sufficiently precise numbers in one list."""

    def __init__(self, lines: Sequence[str], search: NumberSearch, comma: bool) -> None:
        self.lines = lines
        self.figures: list[PrintedNumber] = []
        self.first: list[int] = []  # for each line: the index of its first number
        for line in lines:
            self.first.append(len(self.figures))
            if len(self.figures) < _IN_ALL:
                self.figures += search.precise(parse_numbers(line, comma=comma, limit=_OF_A_LINE))
        self.first.append(len(self.figures))

    def behind(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each line with a word, the numbers after it on that line."""
        for line, start, end, position in self._lines_with(word):
            yield line, [index for index in range(start, end) if self.figures[index].position >= position]

    def before(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each line with a word, the numbers before it on that line."""
        for line, start, end, position in self._lines_with(word):
            yield line, [index for index in range(start, end) if self.figures[index].position < position]

    def below(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each line with a word, the numbers of the lines below it."""
        for line, _, end, _ in self._lines_with(word):
            last = min(line + _WINDOW, len(self.lines))
            yield line, list(range(end, self.first[last]))

    def alone(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the numbers of each line that has numbers and no words."""
        for line, text in enumerate(self.lines):
            start, end = self.first[line], self.first[line + 1]
            if end > start and _is_bare(text):
                yield line, list(range(start, end))

    def _lines_with(self, word: re.Pattern[str]) -> Iterator[tuple[int, int, int, int]]:
        for line, text in enumerate(self.lines):
            if match := word.search(text):
                yield line, self.first[line], self.first[line + 1], match.end()
