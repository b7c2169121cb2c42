"""Looks for the prediction in what a run left behind and printed, in any reasonable form.

What is read is bounded, and every comparison counts (see `figures.Look`): among a flood of numbers any prediction
could be found, so in a flood none is.
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

from evaluation.prediction.printed_numbers import APART, LOOK, Figure, Look, figures_in, has_decimal_commas
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import decoded
from pipeline.project import CARD_FILE, KNOWLEDGE_FILE, SHARED_ACTIVATION_FILE

_INPUTS = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, "currentActivation.csv")
_TEXT = (".csv", ".json", ".txt", ".log", ".out", ".md", ".tsv")
_PREDICTS = re.compile(r"predict|vorhersage|prognose", re.IGNORECASE)
_TELLS = re.compile(
    r"predict|vorhersage|prognose|output|result|answer|ergebnis|ausgabe|antwort|y_?hat|->|=>|→", re.IGNORECASE
)
# How many lines behind the word a printed array may take.
_WINDOW = 12
_LARGEST = 16 * 1024 * 1024
# What is read of a text: so many lines, so many characters of each, so many figures of each and in all. A row of
# a table needs a line, and a line has room for the inputs and outputs of a network.
_LINES, _LONG_LINE, _OF_A_LINE, _IN_ALL = 5_000, 16_384, 2_048, 50_000
_FILES = 50
# A list of all predictions is told by its first ones.
_FIRST = 3
# So many rows of a JSON document are compared where the first one does not stand where a prediction begins.
_ROWS = 50
FLOOD = "the output is a list of numbers, no prediction can be told in it"


@dataclass(frozen=True)
class ObservedPrediction:
    """What was seen of a prediction.

    Attributes:
        equal: whether it is the expected one.
        where: the file or the line it was seen in; empty where nothing was seen.
        shown: what was seen, or what stands where a prediction was expected.
        chance: how likely figures that mean something else would look the same.
        flooded: whether there were too many figures for any of them to mean something.
    """

    equal: bool
    where: str = ""
    shown: str = ""
    chance: float = 1.0
    flooded: bool = False


@dataclass(frozen=True)
class _Found:
    """What one search came to: the text that shows the prediction, or nothing; and what was compared so far."""

    text: str = ""
    chance: float = 1.0
    flooded: bool = False
    windows: int = 0


def find_prediction(
    expected: Sequence[NDArray[np.float64]], shared: Mapping[str, VolumeEntry], lines: Sequence[str]
) -> ObservedPrediction:
    """Looks for the expected prediction.

    Args:
        expected: one for each way the rows can be meant, shape (rows, outdim).
        shared: what lay in the shared folder after the run.
        lines: what codebase printed.
    """
    files = sorted(
        (left for name, left in shared.items() if left.kind == "file" and name not in _INPUTS),
        key=lambda left: ("predict" not in left.name.lower(), left.name),
    )
    texts = [left for left in files if left.name.lower().endswith(_TEXT)][:_FILES]
    flooded, windows = "", 0  # many files with a few figures each are a flood as well
    for left in texts:
        for outputs in expected:
            found = _in_file(left, outputs, windows)
            windows = found.windows
            if found.text:
                return ObservedPrediction(True, f"shared_data/{left.name}", found.text, found.chance)
            flooded = flooded or (f"shared_data/{left.name}" if found.flooded else "")
    for outputs in expected:
        found = _in_lines(lines, outputs, windows)
        windows = found.windows
        if found.text:
            return ObservedPrediction(True, "what codebase printed", found.text, found.chance)
        flooded = flooded or ("what codebase printed" if found.flooded else "")
        if len(outputs) > 1 and (found := _in_table(_printed(lines), outputs, windows)).text:
            return ObservedPrediction(True, "what codebase printed", found.text, found.chance)
    if flooded:
        return ObservedPrediction(False, flooded, FLOOD, flooded=True)
    return _something_else(files, lines)


def _printed(lines: Sequence[str]) -> str:
    return "\n".join(line[:_LONG_LINE] for line in lines[:_LINES])


def _something_else(files: Sequence[VolumeEntry], lines: Sequence[str]) -> ObservedPrediction:
    """What stands where a prediction was expected."""
    for line in lines[:_LINES]:
        if _PREDICTS.search(line[:_LONG_LINE]) and figures_in(line[:_LONG_LINE], most=1):
            return ObservedPrediction(False, "what codebase printed", line.strip()[:200])
    for left in files:
        if "predict" in left.name.lower():
            text = decoded(left.content[:400])[0].strip()
            return ObservedPrediction(
                False, f"shared_data/{left.name}", " | ".join(text.splitlines()[:3])[:200]
            )
    return ObservedPrediction(False)


def _first_row(outputs: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.6g}" for value in outputs[0, :16].tolist())


def _in_file(left: VolumeEntry, outputs: NDArray[np.float64], windows: int) -> _Found:
    if len(left.content) > _LARGEST:
        return _Found(windows=windows)
    text = decoded(left.content)[0]
    if left.name.lower().endswith(".json"):
        return _in_document(text, outputs, bool(_TELLS.search(left.name)), windows)
    if left.name.lower().endswith((".csv", ".tsv")):
        return _in_table(text, outputs, windows)
    found = _in_lines(text.splitlines(), outputs, windows)
    if found.text:
        return found
    table = _in_table(text, outputs, found.windows)
    return replace(table, flooded=table.flooded or found.flooded)


# --- tables


def _in_table(text: str, outputs: NDArray[np.float64], windows: int) -> _Found:
    """Whether a table has one line for each row, in order, and each shows that row's outputs."""
    lines = [line[:_LONG_LINE] for line in text.splitlines() if line.strip()]
    readings = (False, True) if has_decimal_commas(text[:_LARGEST]) else (False,)
    flooded = False
    for comma in readings:
        for tried, rows in enumerate(_tables(lines, outputs, comma), 1):
            table = _shows_each(rows, outputs, comma, windows)
            chance = tried * table.chance
            if table.text and chance <= LOOK:
                return replace(table, chance=chance)
            flooded, windows = flooded or table.flooded or bool(table.text), table.windows
    return _Found(flooded=flooded, windows=windows)


def _tables(lines: Sequence[str], outputs: NDArray[np.float64], comma: bool) -> Iterator[Sequence[str]]:
    """The lines that can be the rows of a table: the last ones; of those with equally many figures, or with a word."""
    rows, wide = outputs.shape
    having = [line for line in lines if _has_figures(line, wide, comma)]
    if len(having) < rows:
        return
    yield having[-rows:]
    if not 1 < rows < len(having) <= _LINES:
        return
    counts = [len(figures_in(line, comma=comma, most=_OF_A_LINE)) for line in having]
    told = [line for line in having if _TELLS.search(line)]
    for part in (told, [line for line, count in zip(having, counts, strict=True) if count == _usual(counts)]):
        if len(part) >= rows:
            yield part[:rows]
            yield part[-rows:]
    yield having[:rows]


def _usual(counts: Sequence[int]) -> int:
    return max(set(counts), key=counts.count)


def _shows_each(lines: Sequence[str], outputs: NDArray[np.float64], comma: bool, windows: int) -> _Found:
    """Whether each line shows the outputs of its row, each as precisely as two digits of the table's largest one."""
    scale = float(np.abs(outputs).max())
    chances = []
    for line, expected in zip(lines, outputs, strict=True):
        look = Look(expected.tolist(), windows, scale=scale, most=math.inf)
        if not look.finds(look.precise(figures_in(line, comma=comma, most=_OF_A_LINE + len(expected)))):
            return _Found(flooded=look.flooded, windows=look.windows)
        chances.append(min(1.0, look.chance))
    return _Found(_first_row(outputs), _together(chances, outputs, scale), windows=windows)


def _together(chances: Sequence[float], outputs: NDArray[np.float64], scale: float) -> float:
    """The chance that all rows of a table are an accident: that of the best one, and of another that differs clearly.

    No more than these two count, because a network may answer many rows alike.
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    apart = np.abs(outputs - outputs[order[0]]).max(axis=1) > APART * scale
    other = next((chances[place] for place in order if apart[place]), 1.0)
    return chances[order[0]] * other


def _has_figures(line: str, least: int, comma: bool) -> bool:
    return len(figures_in(line, comma=comma, most=least)) >= least


# --- documents


def _in_document(text: str, outputs: NDArray[np.float64], told: bool, windows: int) -> _Found:
    """Whether a JSON document shows all rows one after the other, or the first one where a prediction begins."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _Found(windows=windows)
    figures, starts = _told_figures(value, told or isinstance(value, list))
    whole, first = Look(outputs[:_ROWS].ravel().tolist(), windows), Look(outputs[0].tolist(), windows)
    if len(outputs) > 1 and whole.finds(whole.precise(figures)):
        return _Found(_first_row(outputs), whole.chance)
    precise = [place for place, figure in enumerate(figures) if first.can_be(figure)]
    among = {place: number for number, place in enumerate(precise)}
    begins = [among[start] for start in starts if start in among]
    if first.finds([figures[place] for place in precise], begins):
        return _Found(_first_row(outputs), first.chance)
    return _Found(flooded=first.flooded or whole.flooded, windows=first.windows)


def _told_figures(value: Any, told: bool) -> tuple[list[Figure], list[int]]:
    """The numbers of a document that a key names as a prediction, in one pass, and where such a part begins.

    Each number is taken once, however many lists and objects it stands in.
    """
    figures: list[Figure] = []
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
            figures += _scalar(value)
    return figures, list(starts)


def _scalar(value: Any) -> list[Figure]:
    if isinstance(value, str):
        text = value[:_LONG_LINE]
        figures = figures_in(text, most=_OF_A_LINE)
        return figures_in(text, comma=True, most=_OF_A_LINE) if has_decimal_commas(text) else figures
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return []
    if isinstance(value, int) and value.bit_length() > 256:
        return []
    return figures_in(repr(value), most=1)


# --- what was printed


def _in_lines(lines: Sequence[str], outputs: NDArray[np.float64], windows: int) -> _Found:
    """The line that shows the first row, or a list of all, beside a word that speaks of a prediction."""
    kept = [line[:_LONG_LINE] for line in lines[:_LINES]]
    found = _beside_words(kept, outputs[0].tolist(), windows)
    if found.text or len(outputs) == 1:
        return found
    several = _beside_words(kept, outputs[:_FIRST].ravel().tolist(), found.windows)
    return replace(several, flooded=several.flooded or found.flooded)


def _beside_words(kept: Sequence[str], expected: list[float], windows: int) -> _Found:
    """The line that shows some outputs, one after the other, beside a word that speaks of a prediction."""
    commas = any(has_decimal_commas(line) for line in kept)
    look = Look(expected, windows)
    pages = [_Page(kept, look, comma) for comma in ((False, True) if commas else (False,))]
    for word in (_PREDICTS, _TELLS):
        for where in (_Page.behind, _Page.before, _Page.below):
            for number, page in enumerate(pages):
                for line, starts in where(page, word):
                    if look.finds(page.figures, starts, number):
                        return _Found(kept[line].strip()[:200], look.chance)
    # Without such a word only a number with many digits is no coincidence.
    exact = 1e-5 * look.largest
    for number, page in enumerate(pages):
        many = [figure for figure in page.figures if figure.blur < exact]
        if look.finds(many, text=number + len(pages)):
            return _Found("a number with all its digits", look.chance)
    return _Found(flooded=look.flooded, windows=look.windows)


class _Page:
    """Printed lines and their precise figures, in one list."""

    def __init__(self, lines: Sequence[str], look: Look, comma: bool) -> None:
        self.lines = lines
        self.figures: list[Figure] = []
        self.first: list[int] = []  # of each line: which of the figures is its first
        for line in lines:
            self.first.append(len(self.figures))
            if len(self.figures) < _IN_ALL:
                self.figures += look.precise(figures_in(line, comma=comma, most=_OF_A_LINE))
        self.first.append(len(self.figures))

    def behind(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """For each line with a word: the figures behind the first one on that line."""
        for line, start, end, place in self._told(word):
            yield line, [one for one in range(start, end) if self.figures[one].place >= place]

    def before(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """For each line with a word: the figures before it on that line."""
        for line, start, end, place in self._told(word):
            yield line, [one for one in range(start, end) if self.figures[one].place < place]

    def below(self, word: re.Pattern[str]) -> Iterator[tuple[int, list[int]]]:
        """For each line with a word: the figures of the lines below it."""
        for line, _, end, _ in self._told(word):
            last = min(line + _WINDOW, len(self.lines))
            yield line, list(range(end, self.first[last]))

    def _told(self, word: re.Pattern[str]) -> Iterator[tuple[int, int, int, int]]:
        for line, text in enumerate(self.lines):
            if found := word.search(text):
                yield line, self.first[line], self.first[line + 1], found.end()
