"""Search the files and the output of a run for the expected prediction, in any reasonable form.

The amount of text is limited, and every comparison counts (see `NumberSearch`): among too many numbers any prediction
could be found by chance, so none is accepted.
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
from pipeline.project import CARD_FILE, KNOWLEDGE_FILE, SHARED_ACTIVATION_FILE

_INPUTS = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, "currentActivation.csv")
_TEXT = (".csv", ".json", ".txt", ".log", ".out", ".md", ".tsv")
_PREDICTS = re.compile(r"predict|vorhersage|prognose", re.IGNORECASE)
_TELLS = re.compile(
    r"predict|vorhersage|prognose|output|result|answer|ergebnis|ausgabe|antwort|y_?hat|->|=>|→", re.IGNORECASE
)
# The most lines of a printed array after the word.
_WINDOW = 12
_LARGEST = 16 * 1024 * 1024
# Limits on a text: lines, characters of a line, numbers of a line, numbers in all. A row of a table takes a line, and
# a line has room for the inputs and outputs of a network.
_LINES, _LONG_LINE, _OF_A_LINE, _IN_ALL = 5_000, 16_384, 2_048, 50_000
_FILES = 50
# A list of all predictions is recognised by its first ones.
_FIRST = 3
# Rows of a JSON document that are compared if the first one is not where a prediction begins.
_ROWS = 50
FLOOD = "the output has too many numbers to recognise a prediction in it"


@dataclass(frozen=True)
class ObservedPrediction:
    """What a run shows of a prediction.

    Attributes:
        equal: whether it is the expected prediction.
        where: the file or the line; empty if nothing was found.
        shown: the text that was found, or the text in the place of a prediction.
        chance: the probability that unrelated numbers match by accident.
        flooded: whether there were too many numbers for a match to count.
    """

    equal: bool
    where: str = ""
    shown: str = ""
    chance: float = 1.0
    flooded: bool = False


@dataclass(frozen=True)
class _SearchResult:
    """The result of one search: the text that shows the prediction, if any, and the comparisons so far."""

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
    files = sorted(
        (left for name, left in shared.items() if left.kind == "file" and name not in _INPUTS),
        key=lambda left: ("predict" not in left.name.lower(), left.name),
    )
    texts = [left for left in files if left.name.lower().endswith(_TEXT)][:_FILES]
    flooded, windows = "", 0  # many files with a few numbers each are too many as well
    for left in texts:
        for outputs in expected:
            found = _search_file(left, outputs, windows)
            windows = found.windows
            if found.text:
                return ObservedPrediction(True, f"shared_data/{left.name}", found.text, found.chance)
            flooded = flooded or (f"shared_data/{left.name}" if found.flooded else "")
    for outputs in expected:
        found = _search_lines(lines, outputs, windows)
        windows = found.windows
        if found.text:
            return ObservedPrediction(True, "the output of codebase", found.text, found.chance)
        flooded = flooded or ("the output of codebase" if found.flooded else "")
        if len(outputs) > 1 and (found := _search_table(_printed(lines), outputs, windows)).text:
            return ObservedPrediction(True, "the output of codebase", found.text, found.chance)
    if flooded:
        return ObservedPrediction(False, flooded, FLOOD, flooded=True)
    return _describe_other_output(files, lines)


def _printed(lines: Sequence[str]) -> str:
    return "\n".join(line[:_LONG_LINE] for line in lines[:_LINES])


def _describe_other_output(files: Sequence[VolumeEntry], lines: Sequence[str]) -> ObservedPrediction:
    """Return what is shown in the place of a prediction."""
    for line in lines[:_LINES]:
        if _PREDICTS.search(line[:_LONG_LINE]) and parse_numbers(line[:_LONG_LINE], most=1):
            return ObservedPrediction(False, "the output of codebase", line.strip()[:200])
    for left in files:
        if "predict" in left.name.lower():
            text = decode_text(left.content[:400])[0].strip()
            return ObservedPrediction(
                False, f"shared_data/{left.name}", " | ".join(text.splitlines()[:3])[:200]
            )
    return ObservedPrediction(False)


def _first_row(outputs: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.6g}" for value in outputs[0, :16].tolist())


def _search_file(left: VolumeEntry, outputs: NDArray[np.float64], windows: int) -> _SearchResult:
    if len(left.content) > _LARGEST:
        return _SearchResult(windows=windows)
    text = decode_text(left.content)[0]
    if left.name.lower().endswith(".json"):
        return _search_json(text, outputs, bool(_TELLS.search(left.name)), windows)
    if left.name.lower().endswith((".csv", ".tsv")):
        return _search_table(text, outputs, windows)
    found = _search_lines(text.splitlines(), outputs, windows)
    if found.text:
        return found
    table = _search_table(text, outputs, found.windows)
    return replace(table, flooded=table.flooded or found.flooded)


# --- tables


def _search_table(text: str, outputs: NDArray[np.float64], windows: int) -> _SearchResult:
    """Search a table for one line per row, in order, with that row's outputs."""
    lines = [line[:_LONG_LINE] for line in text.splitlines() if line.strip()]
    readings = (False, True) if has_decimal_commas(text[:_LARGEST]) else (False,)
    flooded = False
    for comma in readings:
        for tried, rows in enumerate(_candidate_tables(lines, outputs, comma), 1):
            table = _matches_rows(rows, outputs, comma, windows)
            chance = tried * table.chance
            if table.text and chance <= LOOK:
                return replace(table, chance=chance)
            flooded, windows = flooded or table.flooded or bool(table.text), table.windows
    return _SearchResult(flooded=flooded, windows=windows)


def _candidate_tables(
    lines: Sequence[str], outputs: NDArray[np.float64], comma: bool
) -> Iterator[Sequence[str]]:
    """Yield candidate rows of a table: the last lines, lines with a keyword, or with equally many numbers."""
    rows, wide = outputs.shape
    having = [line for line in lines if _has_numbers(line, wide, comma)]
    if len(having) < rows:
        return
    yield having[-rows:]
    if not 1 < rows < len(having) <= _LINES:
        return
    counts = [len(parse_numbers(line, comma=comma, most=_OF_A_LINE)) for line in having]
    told = [line for line in having if _TELLS.search(line)]
    for part in (
        told,
        [line for line, count in zip(having, counts, strict=True) if count == _most_common(counts)],
    ):
        if len(part) >= rows:
            yield part[:rows]
            yield part[-rows:]
    yield having[:rows]


def _most_common(counts: Sequence[int]) -> int:
    return max(set(counts), key=counts.count)


def _matches_rows(
    lines: Sequence[str], outputs: NDArray[np.float64], comma: bool, windows: int
) -> _SearchResult:
    """Compare each line with the outputs of its row, to a precision of two digits of the table's largest output."""
    scale = float(np.abs(outputs).max())
    chances = []
    for line, expected in zip(lines, outputs, strict=True):
        look = NumberSearch(expected.tolist(), windows, scale=scale, most=math.inf)
        if not look.finds(look.precise(parse_numbers(line, comma=comma, most=_OF_A_LINE + len(expected)))):
            return _SearchResult(flooded=look.flooded, windows=look.windows)
        chances.append(min(1.0, look.chance))
    return _SearchResult(_first_row(outputs), _joint_chance(chances, outputs, scale), windows=windows)


def _joint_chance(chances: Sequence[float], outputs: NDArray[np.float64], scale: float) -> float:
    """Return the probability that all rows of a table match by accident.

    Only the most precise row and one that differs clearly from it count, because many outputs may be alike.
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    apart = np.abs(outputs - outputs[order[0]]).max(axis=1) > APART * scale
    other = next((chances[place] for place in order if apart[place]), 1.0)
    return chances[order[0]] * other


def _has_numbers(line: str, least: int, comma: bool) -> bool:
    return len(parse_numbers(line, comma=comma, most=least)) >= least


# --- JSON documents


def _search_json(text: str, outputs: NDArray[np.float64], told: bool, windows: int) -> _SearchResult:
    """Search a JSON document for all rows in order, or for the first one where a prediction begins."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _SearchResult(windows=windows)
    figures, starts = _predicted_numbers(value, told or isinstance(value, list))
    whole, first = (
        NumberSearch(outputs[:_ROWS].ravel().tolist(), windows),
        NumberSearch(outputs[0].tolist(), windows),
    )
    if len(outputs) > 1 and whole.finds(whole.precise(figures)):
        return _SearchResult(_first_row(outputs), whole.chance)
    precise = [place for place, figure in enumerate(figures) if first.can_be(figure)]
    among = {place: number for number, place in enumerate(precise)}
    begins = [among[start] for start in starts if start in among]
    if first.finds([figures[place] for place in precise], begins):
        return _SearchResult(_first_row(outputs), first.chance)
    return _SearchResult(flooded=first.flooded or whole.flooded, windows=first.windows)


def _predicted_numbers(value: Any, told: bool) -> tuple[list[PrintedNumber], list[int]]:
    """Return the numbers of a document under keys that name a prediction, and the positions where such parts begin.

    Each number is taken once, however deeply it is nested.
    """
    figures: list[PrintedNumber] = []
    starts: dict[int, None] = {}
    waiting: list[tuple[Any, bool]] = [(value, told)]
    while waiting and len(figures) < _IN_ALL:
        value, told = waiting.pop()
        if told:
            starts[len(figures)] = None
        if isinstance(value, dict):
            entries = [(inner, told or bool(_TELLS.search(key[:200]))) for key, inner in value.items()]
            waiting += reversed(entries)
        elif isinstance(value, list):
            waiting += [(inner, told) for inner in reversed(value)]
        elif told:
            figures += _numbers_of_value(value)
    return figures, list(starts)


def _numbers_of_value(value: Any) -> list[PrintedNumber]:
    if isinstance(value, str):
        text = value[:_LONG_LINE]
        figures = parse_numbers(text, most=_OF_A_LINE)
        return parse_numbers(text, comma=True, most=_OF_A_LINE) if has_decimal_commas(text) else figures
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return []
    if isinstance(value, int) and value.bit_length() > 256:
        return []
    return parse_numbers(repr(value), most=1)


# --- printed lines


def _search_lines(lines: Sequence[str], outputs: NDArray[np.float64], windows: int) -> _SearchResult:
    """Search for a line with the first row, or for a list of all rows, near a word that names a prediction."""
    kept = [line[:_LONG_LINE] for line in lines[:_LINES]]
    found = _search_near_words(kept, outputs[0].tolist(), windows)
    if found.text or len(outputs) == 1:
        return found
    several = _search_near_words(kept, outputs[:_FIRST].ravel().tolist(), found.windows)
    return replace(several, flooded=several.flooded or found.flooded)


def _search_near_words(kept: Sequence[str], expected: list[float], windows: int) -> _SearchResult:
    """Search for a line with some outputs in order, near a word that names a prediction."""
    commas = any(has_decimal_commas(line) for line in kept)
    look = NumberSearch(expected, windows)
    pages = [_PrintedPage(kept, look, comma) for comma in ((False, True) if commas else (False,))]
    for word in (_PREDICTS, _TELLS):
        for where in (_PrintedPage.behind, _PrintedPage.before, _PrintedPage.below):
            for number, page in enumerate(pages):
                for line, starts in where(page, word):
                    if look.finds(page.figures, starts, number):
                        return _SearchResult(kept[line].strip()[:200], look.chance)
    # Without such a word, only a number with many digits counts.
    exact = 1e-5 * look.largest
    for number, page in enumerate(pages):
        many = [figure for figure in page.figures if figure.rounding < exact]
        if look.finds(many, text=number + len(pages)):
            return _SearchResult("a number with all its digits", look.chance)
    return _SearchResult(flooded=look.flooded, windows=look.windows)


class _PrintedPage:
    """Printed lines, and their sufficiently precise numbers in one list."""

    def __init__(self, lines: Sequence[str], look: NumberSearch, comma: bool) -> None:
        self.lines = lines
        self.figures: list[PrintedNumber] = []
        self.first: list[int] = []  # for each line: the index of its first number
        for line in lines:
            self.first.append(len(self.figures))
            if len(self.figures) < _IN_ALL:
                self.figures += look.precise(parse_numbers(line, comma=comma, most=_OF_A_LINE))
        self.first.append(len(self.figures))

    def behind(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each line with a word, the numbers after it on that line."""
        for line, start, end, place in self._lines_with(word):
            yield line, [one for one in range(start, end) if self.figures[one].place >= place]

    def before(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each line with a word, the numbers before it on that line."""
        for line, start, end, place in self._lines_with(word):
            yield line, [one for one in range(start, end) if self.figures[one].place < place]

    def below(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield, for each line with a word, the numbers of the lines below it."""
        for line, _, end, _ in self._lines_with(word):
            last = min(line + _WINDOW, len(self.lines))
            yield line, list(range(end, self.first[last]))

    def _lines_with(self, word: re.Pattern[str]) -> Iterator[tuple[int, int, int, int]]:
        for line, text in enumerate(self.lines):
            if found := word.search(text):
                yield line, self.first[line], self.first[line + 1], found.end()
