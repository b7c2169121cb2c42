"""Explain a wrong prediction: not scaled, in another order, from other files, or from an earlier run.

Nothing in this module earns points. Each possible mistake leads to a prediction, which is searched for like the
expected one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.expected import Expected, compute_expected
from evaluation.prediction.find_prediction import find_prediction
from evaluation.prediction.printed_numbers import NumberSearch, parse_numbers
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import Submission, decode_text

_PERMUTED, _MOST_ROWS, _MOST_LINES = 24, 60, 400
_ROWS, _NETWORKS = (".csv", ".tsv"), (".pkl", ".pickle", ".xml")
_MOST_FILES, _LARGEST = 8, 1024 * 1024
_RESULTS = re.compile(r"predict|result|output|summary|vorhersage|ergebnis|log", re.IGNORECASE)
_TEXTS = (".csv", ".json", ".txt", ".log", ".md")
_SAYS = re.compile(r"predict|vorhersage|prognose|result|ergebnis|class|klasse", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d\.\d{3,}")
_OF_TRACEBACK = re.compile(r"Error|Traceback|File \"|<class")
_CLASS = re.compile(r"(?<![\w.])(\d{1,3})(?![\w.])")
_SCALE = "Scale each row with these numbers before `activate`, and scale the output back if there are numbers for it."
_ORDER = "Show the outputs of each row in the order of `activate`, and the rows in the order of the file."
_FILES = "codebase must read only the files that containers 1 and 2 copied in this run."
_CLASS_ONLY = "Print the outputs of the network too, or submit a model card with the class labels."


@dataclass(frozen=True)
class Mistake:
    """Why a shown prediction is wrong.

    Attributes:
        reason: what was recognized; empty if nothing was.
        hint: how to fix it.
        where: the file or the output that shows the mistake.
        shown: the part of it that shows the mistake.
    """

    reason: str = ""
    hint: str = ""
    where: str = ""
    shown: str = ""


def recognize_mistake(
    expected: Expected,
    submission: Submission,
    names: tuple[str, str],
    shared: Mapping[str, VolumeEntry],
    lines: Sequence[str],
) -> Mistake:
    """Return the mistake that explains the output of a run.

    Args:
        expected: the expected prediction.
        submission: the submission, which may contain other rows and networks.
        names: the paths of its network and its rows.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
    """
    for outputs, reason, hint in _other_predictions(expected, submission, names):
        found = find_prediction([outputs], shared, lines)
        if found.equal:
            return Mistake(reason, hint, found.where, found.shown)
    for recognize in (_rows_in_another_order, _class_alone):
        if reason := recognize(expected, shared, lines):
            return Mistake(reason, _ORDER if recognize is _rows_in_another_order else _CLASS_ONLY)
    return _earlier_result(submission, shared, lines)


def _other_predictions(
    expected: Expected, submission: Submission, names: tuple[str, str]
) -> Iterator[tuple[NDArray[np.float64], str, str]]:
    """Yield wrong predictions, each with the mistake that leads to it and a hint."""
    for reading in expected.readings:
        if reading.why_wrong:
            yield reading.outputs, reading.why_wrong, _SCALE
    outputs = expected.outputs[0]
    yield from _outputs_in_another_order(outputs)
    if len(outputs) > 1:
        yield outputs[1:], "the first row is missing; was it read as a header?", _ORDER
    yield from _of_other_files(submission, names)


def _outputs_in_another_order(
    outputs: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.float64], str, str]]:
    columns = outputs.shape[1]
    if columns < 2 or np.ptp(outputs[0]) == 0:
        return
    reason = "the outputs of a row are shown in another order"
    for order in islice(permutations(range(columns)), 1, _PERMUTED):
        yield outputs[:, order], reason, _ORDER
    yield outputs[:, ::-1], reason, _ORDER
    yield np.sort(outputs, axis=1), f"{reason}: sorted", _ORDER
    yield np.sort(outputs, axis=1)[:, ::-1], f"{reason}: sorted", _ORDER


def _of_other_files(
    submission: Submission, names: tuple[str, str]
) -> Iterator[tuple[NDArray[np.float64], str, str]]:
    """Yield the predictions for other rows and networks in the submission, such as copies of an earlier version."""
    model, rows = names
    for number, kinds in ((1, _ROWS), (0, _NETWORKS)):
        own = submission.bytes(names[number])
        others = [
            file for file in submission.files
            if file != names[number] and PurePosixPath(file).suffix.lower() in kinds and "/pybrain/" not in file
        ]  # fmt: skip
        for file in others[:_MOST_FILES]:
            content = submission.bytes(file)
            if content == own or len(content) > _LARGEST:
                continue
            pair = (model, file) if number else (file, rows)
            for outputs in compute_expected(submission.path(pair[0]), submission.path(pair[1])).outputs:
                what = "rows" if number else "network"
                yield (
                    outputs,
                    f"it is stale: the prediction for the {what} in {file}, not in {names[number]}",
                    _FILES,
                )


def _rows_in_another_order(
    expected: Expected, shared: Mapping[str, VolumeEntry], lines: Sequence[str]
) -> str:
    """Return a message if every row of the prediction is shown, but in another order; else an empty string."""
    outputs = expected.outputs[0]
    if not 1 < len(outputs) <= _MOST_ROWS or len(np.unique(outputs.round(9), axis=0)) < len(outputs):
        return ""
    texts = [decode_text(entry.content)[0].splitlines() for entry in shared.values() if _is_result(entry)]
    for text in (*texts, lines):
        numbers = [parse_numbers(line[:2000], limit=200) for line in text[:_MOST_LINES]]
        order: list[int] = []
        for row in outputs:
            search = NumberSearch(row.tolist(), scale=float(np.abs(outputs).max()))
            found = (
                place for place, one in enumerate(numbers)
                if place not in order and one and search.finds(search.precise(one), text=place)
            )  # fmt: skip
            order.append(next(found, -1))
        if -1 not in order and order != sorted(order):
            return "it shows every row of the prediction, but in another order"
    return ""


def _is_result(entry: VolumeEntry) -> bool:
    return entry.kind == "file" and entry.name.lower().endswith(_TEXTS) and "predict" in entry.name.lower()


def _class_alone(expected: Expected, shared: Mapping[str, VolumeEntry], lines: Sequence[str]) -> str:
    """Return a message if only a class number is shown; else an empty string."""
    outputs = expected.outputs[0]
    if outputs.shape[1] < 2:
        return ""
    place = int(outputs[0].argmax())
    for line in lines[:_MOST_LINES]:
        match = None if _OF_TRACEBACK.search(line) else _SAYS.search(line)
        numbers = _CLASS.findall(line[match.end() :]) if match and not _LONG_NUMBER.search(line) else []
        if numbers and int(numbers[0]) in (place, place + 1):
            return (
                f"it may show only the class number ({numbers[0]}); the outputs of the network are not shown"
            )
    return ""


def _earlier_result(
    submission: Submission, shared: Mapping[str, VolumeEntry], lines: Sequence[str]
) -> Mistake:
    """Return the mistake that what is shown appears in a result file of the submission."""
    shown = [line for line in lines[:_MOST_LINES] if _SAYS.search(line[:2000])]
    shown += [
        line for entry in shared.values() if _is_result(entry)
        for line in decode_text(entry.content[:20_000])[0].splitlines()[:20]
    ]  # fmt: skip
    numbers = {number for line in shown for number in re.findall(r"(?<![\w.])-?\d*\.\d{4,}", line)}
    results = [
        file for file in submission.files
        if PurePosixPath(file).suffix.lower() in _TEXTS and _RESULTS.search(file) and "/pybrain/" not in file
    ]  # fmt: skip
    for file in results[: 4 * _MOST_FILES]:
        text = submission.text(file)[:200_000] if numbers else ""
        if number := next((one for one in sorted(numbers) if one in text), ""):
            return Mistake(f"it is stale: {number} appears in {file}, a result in the submission", _FILES)
    return Mistake()
