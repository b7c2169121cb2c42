"""Asks once more with other rows: a prediction that is computed changes with them, one that is written down does not.

The rows are changed in an image that is made from the submission's own; the stack is run as before. It only
counts where the changed rows were seen to arrive in the shared folder.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.evaluation.expected import Expected, expect
from pipeline.evaluation.prediction_seen import Seen, look_for_prediction
from pipeline.evaluation.stackrun import StackRun
from pipeline.evaluation.workshop import Workshop
from pipeline.layout import SHARED_ACTIVATION_FILE

# By how much the rows are changed, in turn, until the network answers clearly otherwise.
_STEPS = (0.1, -0.25, 0.5, -1.0, 2.0)
_CLEARLY = 0.05


@dataclass(frozen=True)
class Probe:
    """What came of it.

    Attributes:
        fixed: whether the prediction stayed the same although the rows changed.
        text: what was seen, in words.
    """

    fixed: bool
    text: str


def changed_rows(model: Path, data: Path, expected: Expected, folder: Path) -> tuple[bytes, Expected] | None:
    """Other rows of the same shape that the network answers clearly otherwise; None where there are none.

    Args:
        model: the network.
        data: the submission's rows.
        expected: what the network answers to them.
        folder: a folder of our own.
    """
    text = data.read_bytes().decode("utf-8-sig", "replace")
    path = folder / "changed.csv"
    for step in _STEPS:
        path.write_text(_with_step(text, step), encoding="utf-8", newline="")
        other = expect(model, path)
        if len(other.outputs) != len(expected.outputs):
            continue
        pairs = zip(other.outputs, expected.outputs, strict=True)
        if all(a.shape == b.shape and _differ(a, b) for a, b in pairs):
            return path.read_bytes(), other
    return None


def _with_step(text: str, step: float) -> str:
    def changed(found: re.Match[str]) -> str:
        value = float(found.group())
        return f"{value + step * max(abs(value), 0.1):.6g}"

    mark = ";" if ";" in text else ","
    if mark == ";" and re.search(r"\d,\d", text):
        return text  # decimal commas: the rows stay as they are
    lines = text.splitlines(keepends=True)
    number = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w.])")
    return "".join(
        line if re.search(r"[A-DF-Za-df-z]", line) else number.sub(changed, line) for line in lines
    )


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    first = np.abs(a[0] - b[0]).max()
    return bool(first > _CLEARLY * max(float(np.abs(a[0]).max()), float(np.abs(b[0]).max())))


def image_with(workshop: Workshop, image: str, rows: Path, place: str, folder: Path) -> str:
    """An image like another, with other rows; empty where it cannot be made.

    Args:
        workshop: where the image is.
        image: its name.
        rows: the file to put there.
        place: where the image holds the submission's rows.
        folder: a folder of our own.
    """
    # The name comes from the image: it must not be able to say more than a path does in a Dockerfile.
    if not re.fullmatch(r"/[A-Za-z0-9_./@+=,-]+", place):
        return ""
    context = folder / "probe"
    context.mkdir(exist_ok=True)
    shutil.copyfile(rows, context / "rows")
    (context / "rows").chmod(0o644)
    (context / "Dockerfile").write_text(f"FROM {image}\nCOPY rows {place}\n", encoding="utf-8")
    new = f"{workshop.id}:probe"
    built = workshop.docker(
        "build", "--quiet", "--network", "none", "--label", workshop.label, "--tag", new, str(context)
    )
    return new if built.ok else ""


def judge_probe(run: StackRun, rows: bytes, before: Expected, after: Expected, service: str) -> Probe:
    """What a run with other rows shows."""
    left = run.copied(SHARED_ACTIVATION_FILE)
    if left is None or left.content != rows:
        return Probe(False, "the changed rows did not arrive in the shared folder; nothing can be said")
    lines = run.lines_of(service)
    new = look_for_prediction(after.outputs, run.shared, lines)
    if new.equal:
        return Probe(False, f"with other rows the prediction changes as the network's does: {new.shown}")
    old: Seen = look_for_prediction(before.outputs, run.shared, lines)
    if old.equal:
        return Probe(True, f"with other rows in container 1 the prediction is still the old one: {old.shown}")
    return Probe(False, "with other rows no prediction was made; nothing can be said")
