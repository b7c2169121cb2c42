"""What the safe runtime computes from a submission's own model and data: nothing of them is executed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from evaluation.submission.submission import Submission
from pipeline.errors import PipelineError
from pipeline.project import ACTIVATION_FILE, KNOWLEDGE_FILE
from pybrain_runtime import Knowledge, load_knowledge, read_activation

DATA_FOLDER, MODEL_FOLDER = "container1_activationbase", "container2_knowledgebase"
_NETWORKS = (".pkl", ".pickle", ".xml", ".net", ".p")


@dataclass(frozen=True, eq=False)
class Expected:
    """What the prediction must be.

    Attributes:
        knowledge: the network; None where it could not be read.
        outputs: shape (rows, outdim), one for each way the rows can be meant; empty where nothing could be computed.
        why_not: why nothing could be computed, in words.
    """

    knowledge: Knowledge | None
    outputs: tuple[NDArray[np.float64], ...]
    why_not: str = ""


def data_name(submission: Submission) -> str:
    """The submission's rows: the name of the task, else the only CSV file there is; empty where there is none."""
    return _only(submission, DATA_FOLDER, ACTIVATION_FILE, (".csv", ".txt"))


def model_name(submission: Submission) -> str:
    """The submission's network: the name of the task, else the only one there is; empty where there is none."""
    return _only(submission, MODEL_FOLDER, KNOWLEDGE_FILE, _NETWORKS)


def _only(submission: Submission, folder: str, name: str, endings: tuple[str, ...]) -> str:
    if submission.has(f"{folder}/{name}"):
        return f"{folder}/{name}"
    found = [
        file for file in submission.files
        if PurePosixPath(file).parent.as_posix() == folder and file.lower().endswith(endings)
        and PurePosixPath(file).name.lower() not in ("requirements.txt", "readme.txt")
    ]  # fmt: skip
    return found[0] if len(found) == 1 else ""


def expect_of(submission: Submission) -> Expected:
    """Computes the prediction from a submission's own network and rows."""
    data, model = data_name(submission), model_name(submission)
    if not data or not model:
        folder, name = (MODEL_FOLDER, KNOWLEDGE_FILE) if data else (DATA_FOLDER, ACTIVATION_FILE)
        return Expected(None, (), f"there is no {folder}/{name}")
    return expect(submission.path(model), submission.path(data))


def expect(model: Path, data: Path) -> Expected:
    """Computes the prediction.

    Args:
        model: the submission's network.
        data: the submission's rows.
    """
    try:
        knowledge = load_knowledge(model)
    except PipelineError as error:
        return Expected(None, (), f"the safe runtime does not take {model.name}: {error.message}")
    try:
        with np.errstate(all="ignore"):
            found = [knowledge.activate(rows) for rows in _readings(data, knowledge)]
    except PipelineError as error:
        return Expected(knowledge, (), error.message)
    finite = tuple(outputs for outputs in found if np.isfinite(outputs).all())
    return Expected(
        knowledge, finite, "" if finite else "the network answers these rows with no finite number"
    )


def _readings(data: Path, knowledge: Knowledge) -> list[NDArray[np.float64]]:
    """The ways the rows can be meant: the runtime's first; where it refuses, the first or the last columns."""
    try:
        return [read_activation(data, knowledge).inputs]
    except PipelineError as refused:
        numbers = _numeric_columns(data)
        if numbers is None or numbers.shape[1] < knowledge.indim:
            raise refused
        first, last = numbers[:, : knowledge.indim], numbers[:, -knowledge.indim :]
        return [first] if np.array_equal(first, last) else [first, last]


def _numeric_columns(data: Path) -> NDArray[np.float64] | None:
    """The columns of a table that hold numbers in every row but the first; None where it is no such table."""
    lines = [line for line in data.read_bytes().decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if not lines:
        return None
    mark = max(",;\t", key=lines[-1].count)
    rows = [[_number(cell) for cell in line.split(mark)] for line in lines]
    if all(value is None for value in rows[0]):
        rows = rows[1:]
    if not rows or len({len(row) for row in rows}) != 1:
        return None
    columns = [column for column in zip(*rows, strict=True) if None not in column]
    return np.array(columns, dtype=np.float64).T if columns else None


def _number(cell: str) -> float | None:
    try:
        return float(cell.strip().strip("\"'"))
    except ValueError:
        return None
