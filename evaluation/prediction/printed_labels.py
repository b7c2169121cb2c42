"""Read the class labels that a run shows as its prediction: printed, in a table, or in a JSON document."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from evaluation.prediction.find_prediction import PRINTED, result_texts
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import decode_text

_PREDICTS = re.compile(r"predict|vorhersage|prognose|y_?hat|y_?pred", re.IGNORECASE)
_TELLS = re.compile(
    r"class|klasse|label|output|result|answer|ergebnis|ausgabe|antwort|->|=>|→", re.IGNORECASE
)
# Words followed by the class that a row should have.
_TARGET = re.compile(
    r"(?<![^\W_])(?:expected|actual|true|truth|target|correct|should|real|soll|erwartet\w*|tats[äa]chlich\w*|wahr\w*"
    r"|richtig\w*|y_?true)(?![^\W_])",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
# A number is not a label beside a decimal point, or where it counts rows.
_PART_OF_NUMBER_BEFORE = re.compile(r"(?:\d[.,]|[-+.])$")
_PART_OF_NUMBER_AFTER = re.compile(r"[.,]\d|\s?%")
_COUNTS = re.compile(
    r"(?:row|line|zeile|sample|index|record|image|bild|muster|nr|no|number|nummer|#)[\s.:=#]*$", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")
_LINES, _LONG_LINE = 5_000, 4_096
_LARGEST = 16 * 1024 * 1024
# Maximum number of comparisons with labels in all output of a run.
_COMPARISONS = 2_000_000
# Maximum number of lines between a word and the labels below it.
_BETWEEN = 3

Line = tuple[str, ...]
"""The labels of one line, or of one list of a document."""


class _Word(Enum):
    """The kind of word beside a label."""

    PREDICTS = auto()
    TELLS = auto()
    NONE = auto()


class TooManyLabels(Exception):
    """A run shows too many labels to compare.

    Attributes:
        where: the file or the output that shows them.
    """

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class Answer:
    """The classes of the first rows, as shown by a run.

    Attributes:
        where: the file or the output that shows them.
        labels: labels from the model card, one for each row.
    """

    where: str
    labels: tuple[str, ...]


@dataclass
class _LabelFinder:
    """Finds labels in lines of text as whole words, ignoring case.

    Attributes:
        labels: the labels from the model card. If two differ only in case, case is significant.
        comparisons: the number of comparisons that are left.
    """

    labels: Sequence[str]
    comparisons: int = _COMPARISONS
    _folds: bool = field(init=False)
    _known: dict[str, str] = field(init=False)
    _lengths: list[int] = field(init=False)
    _starts: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        names = [label.strip() for label in self.labels]
        self._folds = len({name.casefold() for name in names}) == len(set(names))
        short = [
            (name, label) for name, label in zip(names, self.labels, strict=True) if len(name) <= _LONG_LINE
        ]
        self._known = {self._key(name): label for name, label in short}
        self._lengths = sorted({len(name) for name, _ in short}, reverse=True)
        first = "".join(sorted({re.escape(case) for name, _ in short for case in self._cases(name[:1])}))
        self._starts = re.compile(rf"(?<!\w)[{first}]" if first else r"(?!)")

    def _key(self, text: str) -> str:
        return text.casefold() if self._folds else text

    def _cases(self, letter: str) -> tuple[str, ...]:
        cases = (letter, letter.lower(), letter.upper()) if self._folds else (letter,)
        return tuple(case for case in cases if len(case) == 1)

    def find(self, text: str) -> Line:
        """Return the labels in a line, in order.

        Raises:
            OverflowError: the limit on comparisons was reached.
        """
        found, end = [], 0
        for match in self._starts.finditer(text):
            start = match.start()
            if start < end:
                continue
            self.comparisons -= len(self._lengths)
            if self.comparisons < 0:
                raise OverflowError
            for length in self._lengths:
                label = self._known.get(self._key(text[start : start + length]))
                if label is not None and self._stands_alone(text, start, start + length):
                    found.append(label)
                    end = start + length
                    break
        return tuple(found)

    @staticmethod
    def _stands_alone(text: str, start: int, end: int) -> bool:
        """Return whether a label is not part of a word or of a number with decimals."""
        if end < len(text) and (text[end].isalnum() or text[end] == "_"):
            return False
        if not text[start:end].isdecimal():
            return True
        before = text[max(0, start - 20) : start]
        return not (
            _PART_OF_NUMBER_BEFORE.search(before[-2:])
            or _PART_OF_NUMBER_AFTER.match(text, end)
            or _COUNTS.search(before)
        )


def answers_in(
    shared: Mapping[str, VolumeEntry], lines: Sequence[str], labels: Sequence[str], rows: int
) -> list[Answer]:
    """Return the different answers that a run shows.

    Labels beside a word that names a prediction take precedence over labels beside a word that names a result, and
    these over labels without such a word: labels of a later kind count only if there are none of an earlier kind.

    Args:
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
        labels: the labels from the model card.
        rows: the number of rows.

    Raises:
        TooManyLabels: the run shows too many labels to compare.
    """
    finder = _LabelFinder(labels)
    by_word: dict[_Word, dict[tuple[str, ...], Answer]] = {word: {} for word in _Word}
    for where, text in _texts(shared, lines):
        try:
            for word, shown in _shown(text, where, finder):
                for answer in _rows_of(_without_legend(shown, labels), rows):
                    by_word[word].setdefault(answer, Answer(where, answer))
        except OverflowError:
            raise TooManyLabels(where) from None
    answers = by_word[_Word.PREDICTS] or by_word[_Word.TELLS] or by_word[_Word.NONE]
    # An answer that a longer answer begins with is not a separate one.
    beginnings: set[tuple[str, ...]] = set()
    for length in {len(answer) for answer in answers}:
        beginnings |= {answer[:length] for answer in answers if len(answer) > length}
    return [answer for answer in answers.values() if answer.labels not in beginnings]


def _texts(shared: Mapping[str, VolumeEntry], lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in result_texts(shared):
        if entry.size <= _LARGEST:
            yield f"shared_data/{entry.name}", decode_text(entry.content)[0]
    yield PRINTED, "\n".join(line[:_LONG_LINE] for line in lines[:_LINES])


def _shown(text: str, where: str, finder: _LabelFinder) -> list[tuple[_Word, list[Line]]]:
    """Return the labels that a string shows as a prediction, and the kind of word beside them."""
    lines = [_COLOUR.sub("", line[:_LONG_LINE]) for line in text.splitlines()[:_LINES]]
    named = _Word.PREDICTS if _PREDICTS.search(where) else _Word.TELLS
    if where.lower().endswith(".json"):
        return _in_document(text, named, finder)
    if where.lower().endswith((".csv", ".tsv")):
        return _in_table(lines, named, finder)
    if beside := _beside(_PREDICTS, lines, finder) or _below(lines, finder):
        return [(_Word.PREDICTS, beside)]
    if beside := _beside(_TELLS, lines, finder):
        return [(named, beside)]
    return [(named if named is _Word.PREDICTS else _Word.NONE, _alone(lines, finder))]


# --- printed lines


def _beside(word: re.Pattern[str], lines: Sequence[str], finder: _LabelFinder) -> list[Line]:
    """Return the labels after the word on each line, or else before it, without the expected labels."""
    shown = []
    for line in lines:
        if match := word.search(line):
            before, after = line[: match.start()], line[match.end() :]
            target = _TARGET.search(after)
            found = finder.find(after[: target.start()] if target else after) or finder.find(after)
            if word is _TELLS and _TARGET.search(before):
                continue
            if not found:
                found = finder.find(before)
            shown += [found] if found else []
    return shown


def _below(lines: Sequence[str], finder: _LabelFinder) -> list[Line]:
    """Return the labels on the lines below the first one that names a prediction."""
    start = next((place for place, line in enumerate(lines) if _PREDICTS.search(line)), len(lines))
    shown: list[Line] = []
    for place, line in enumerate(lines[start + 1 :]):
        if found := finder.find(line):
            shown.append(found)
        elif shown or place >= _BETWEEN:
            break
    return shown


def _alone(lines: Sequence[str], finder: _LabelFinder) -> list[Line]:
    """Return the labels of lines that contain nothing else, or else of sentences that contain a single label."""
    bare: list[Line] = []
    told: list[Line] = []
    for line in lines:
        if not (found := finder.find(line)) or _TARGET.search(line):
            continue
        letters = _letters(line)
        if letters == sum(map(_letters, found)) and (letters or len(_NUMBER.findall(line)) == len(found)):
            bare.append(found)
        elif len(found) == 1 and _letters(found[0]):
            told.append(found)
    return bare or told


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


# --- tables and documents


def _in_table(lines: Sequence[str], named: _Word, finder: _LabelFinder) -> list[tuple[_Word, list[Line]]]:
    """Return the labels in the columns named as predictions or classes; without such names, in the last column."""
    if not lines:
        return []
    separator = max(",;\t", key=lines[0].count)
    try:
        table = [row for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:  # an unclosed quotation mark
        table = []
    names = table[0] if table else []
    for word in (_PREDICTS, _TELLS):
        places = [place for place, name in enumerate(names) if word.search(name) and not _TARGET.search(name)]
        columns = [[finder.find(row[place])[:1] for row in table[1:] if place < len(row)] for place in places]
        if shown := [column for column in columns if any(column)]:
            kind = _Word.PREDICTS if word is _PREDICTS else named
            return [(kind, [one for one in column if one]) for column in shown]
    rows = [finder.find(line)[-1:] for line in lines]
    return [(named, [row for row in rows if row])]


def _in_document(text: str, named: _Word, finder: _LabelFinder) -> list[tuple[_Word, list[Line]]]:
    """Return the labels that are values of a JSON document under a key that names a prediction or a class."""
    try:
        waiting: list[tuple[object, int]] = [(json.loads(text), 2 if named is _Word.PREDICTS else 0)]
    except (ValueError, RecursionError):
        return []
    shown: dict[int, list[Line]] = {2: [], 1: []}
    for _ in range(_LINES):
        if not waiting:
            break
        value, level = waiting.pop()
        if isinstance(value, dict):
            inner = [
                (one, max(level, _level(key[:200]))) for key, one in value.items() if not _TARGET.search(key)
            ]
            waiting += reversed(inner)
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            found = [finder.find(str(one)[:_LONG_LINE])[:1] for one in value[:_LINES]] if level else []
            shown[level or 1] += [tuple(label for one in found for label in one)] if any(found) else []
        elif isinstance(value, list):
            waiting += [(one, level) for one in reversed(value)]
        elif level and isinstance(value, str) and (label := finder.find(value[:_LONG_LINE])[:1]):
            shown[level].append(label)
    return [(_Word.PREDICTS, shown[2])] if shown[2] else [(_Word.TELLS, shown[1])]


def _level(key: str) -> int:
    return 2 if _PREDICTS.search(key) else 1 if _TELLS.search(key) else 0


# --- answers


def _without_legend(shown: Sequence[Line], labels: Sequence[str]) -> list[Line]:
    """Return the lines without those that list all classes, provided that others remain."""
    return [line for line in shown if line != tuple(labels)] or list(shown)


def _rows_of(shown: Sequence[Line], rows: int) -> Iterator[tuple[str, ...]]:
    """Yield the possible answers of lines.

    If there is a line for each row, the first labels of the lines are an answer, and the last labels another; else
    all labels are. With more labels than rows, the first or the last ones are used. For a single row, each label is
    an answer.
    """
    if not shown:
        return
    every = [label for line in shown for label in line]
    if rows == 1:
        yield from dict.fromkeys((label,) for label in every)
        return
    sequences = [[line[0] for line in shown], [line[-1] for line in shown]] if len(shown) >= rows else [every]
    for sequence in sequences:
        yield tuple(sequence[:rows])
        yield tuple(sequence[-rows:])
