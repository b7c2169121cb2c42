"""Looks for the prediction in what a run left behind and printed, in any reasonable form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.figures import Figure, figures_in, shows
from pipeline.evaluation.submitted import decoded
from pipeline.evaluation.volumes import Left
from pipeline.layout import CARD_FILE, KNOWLEDGE_FILE, SHARED_ACTIVATION_FILE

_INPUTS = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, "currentActivation.csv")
_TEXT = (".csv", ".json", ".txt", ".log", ".out", ".md", ".tsv")
_TELLS = re.compile(r"predict|output|result|answer|vorhersage|ergebnis|ausgabe|antwort", re.IGNORECASE)
# How many lines behind the word a printed array may take.
_WINDOW = 12
_LARGEST = 16 * 1024 * 1024


@dataclass(frozen=True)
class Seen:
    """What was seen of a prediction.

    Attributes:
        equal: whether it is the expected one.
        where: the file or the line it was seen in; empty where nothing was seen.
        shown: what was seen, or what stands where a prediction was expected.
    """

    equal: bool
    where: str = ""
    shown: str = ""


def look_for_prediction(
    expected: Sequence[NDArray[np.float64]], shared: Mapping[str, Left], lines: Sequence[str]
) -> Seen:
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
    for left in files:
        for outputs in expected:
            if left.name.lower().endswith(_TEXT) and _in_file(left, outputs):
                return Seen(True, f"shared_data/{left.name}", _first_row(outputs))
    for outputs in expected:
        if line := _in_lines(lines, outputs):
            return Seen(True, "what codebase printed", line)
    told = [
        line.strip()
        for line in lines
        if re.search(r"predict|vorhersage", line, re.IGNORECASE) and figures_in(line)
    ]
    if told:
        return Seen(False, "what codebase printed", told[0][:200])
    for left in files:
        if "predict" in left.name.lower():
            text = decoded(left.content[:400])[0].strip()
            return Seen(False, f"shared_data/{left.name}", " | ".join(text.splitlines()[:3])[:200])
    return Seen(False)


def _first_row(outputs: NDArray[np.float64]) -> str:
    return ", ".join(f"{value:.6g}" for value in outputs[0].tolist())


def _in_file(left: Left, outputs: NDArray[np.float64]) -> bool:
    if len(left.content) > _LARGEST:
        return False
    text = decoded(left.content)[0]
    if left.name.lower().endswith(".json"):
        try:
            value = json.loads(text)
        except ValueError:
            return False
        return any(_holds(numbers, outputs) for numbers in _told_numbers(value))
    if left.name.lower().endswith((".csv", ".tsv")):
        return _in_table(text, outputs)
    return bool(_in_lines(text.splitlines(), outputs)) or _in_table(text, outputs)


def _in_table(text: str, outputs: NDArray[np.float64]) -> bool:
    """Whether a table has one line for each row, in order, and each shows that row's outputs."""
    lines = [figures_in(line) for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if len(line) >= outputs.shape[1]]
    if len(lines) < len(outputs):
        return False
    rows = lines[len(lines) - len(outputs) :]
    return all(shows(line, row.tolist()) for line, row in zip(rows, outputs, strict=True))


def _told_numbers(value: Any, told: bool = False) -> list[list[Figure]]:
    """The numbers under every key of a JSON document that speaks of a prediction, and those of a bare list."""
    if isinstance(value, dict):
        found = []
        for key, inner in value.items():
            here = told or bool(_TELLS.search(str(key)))
            if here:
                found.append(_flat(inner))
            found += _told_numbers(inner, here)
        return found
    if isinstance(value, list):
        inner = [numbers for entry in value for numbers in _told_numbers(entry, told)]
        return [_flat(value), *inner]
    return [_flat(value)] if told else []


def _flat(value: Any) -> list[Figure]:
    if isinstance(value, bool):
        return []
    if isinstance(value, (int, float)):
        return figures_in(repr(value))
    if isinstance(value, str):
        return figures_in(value)
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [figure for entry in entries for figure in _flat(entry)]


def _holds(numbers: Sequence[Figure], outputs: NDArray[np.float64]) -> bool:
    """Whether all rows are there, or the first one by itself."""
    return shows(numbers, outputs.ravel().tolist()) or shows(numbers[: outputs.shape[1]], outputs[0].tolist())


def _in_lines(lines: Sequence[str], outputs: NDArray[np.float64]) -> str:
    """The line that shows the first row behind a word that speaks of a prediction; empty where there is none."""
    row = outputs[0].tolist()
    for place, line in enumerate(lines):
        if _TELLS.search(line):
            behind = _TELLS.split(line, maxsplit=1)[-1]
            if shows(figures_in("\n".join([behind, *lines[place + 1 : place + _WINDOW]])), row):
                return line.strip()[:200]
    # Without such a word only a number with many digits is no coincidence.
    exact = 1e-5 * float(abs(outputs[0]).max())
    many = [figure for figure in figures_in("\n".join(lines)) if figure.blur < exact]
    return "a number with all its digits" if shows(many, row) else ""
