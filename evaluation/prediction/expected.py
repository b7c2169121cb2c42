"""Compute the expected prediction from a submission's own model and data; nothing of them is executed."""

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
    """The expected prediction.

    Attributes:
        knowledge: the network; None if it could not be loaded.
        outputs: arrays of shape (rows, outdim), one for each possible choice of input columns; empty if nothing could
            be computed.
        why_not: why nothing could be computed.
    """

    knowledge: Knowledge | None
    outputs: tuple[NDArray[np.float64], ...]
    why_not: str = ""


def data_name(submission: Submission) -> str:
    """Return the path of the submission's rows: the name of the task, or the only CSV file; empty if there is none."""
    return _only(submission, DATA_FOLDER, ACTIVATION_FILE, (".csv", ".txt"))


def model_name(submission: Submission) -> str:
    """Return the path of the submission's network: the name of the task, or the only one; empty if there is none."""
    return _only(submission, MODEL_FOLDER, KNOWLEDGE_FILE, _NETWORKS)


def _only(submission: Submission, folder: str, name: str, endings: tuple[str, ...]) -> str:
    if submission.has(f"{folder}/{name}"):
        return f"{folder}/{name}"
    candidates = [
        file for file in submission.files
        if PurePosixPath(file).parent.as_posix() == folder and file.lower().endswith(endings)
        and PurePosixPath(file).name.lower() not in ("requirements.txt", "readme.txt")
    ]  # fmt: skip
    return candidates[0] if len(candidates) == 1 else ""


def compute_expected_for(submission: Submission) -> Expected:
    """Compute the prediction of a submission's own network for its own rows."""
    data, model = data_name(submission), model_name(submission)
    if not data or not model:
        folder, name = (MODEL_FOLDER, KNOWLEDGE_FILE) if data else (DATA_FOLDER, ACTIVATION_FILE)
        return Expected(None, (), f"{folder}/{name} was not found")
    return compute_expected(submission.path(model), submission.path(data))


def compute_expected(model: Path, data: Path) -> Expected:
    """Compute the prediction.

    Args:
        model: the submission's network.
        data: the submission's rows.
    """
    try:
        knowledge = load_knowledge(model)
    except PipelineError as error:
        return Expected(None, (), f"the safe runtime cannot load {model.name}: {error.message}")
    try:
        with np.errstate(all="ignore"):
            predictions = [knowledge.activate(rows) for rows in _input_readings(data, knowledge)]
    except PipelineError as error:
        return Expected(knowledge, (), error.message)
    finite = tuple(outputs for outputs in predictions if np.isfinite(outputs).all())
    return Expected(
        knowledge, finite, "" if finite else "the outputs of the network for these rows are not finite"
    )


def _input_readings(data: Path, knowledge: Knowledge) -> list[NDArray[np.float64]]:
    """Return the possible inputs: those of the runtime, or else the first and the last numeric columns."""
    try:
        return [read_activation(data, knowledge).inputs]
    except PipelineError as refused:
        numbers = _numeric_columns(data)
        if numbers is None or numbers.shape[1] < knowledge.indim:
            raise refused
        first, last = numbers[:, : knowledge.indim], numbers[:, -knowledge.indim :]
        return [first] if np.array_equal(first, last) else [first, last]


def _numeric_columns(data: Path) -> NDArray[np.float64] | None:
    """Return the numeric columns of a table, without its header; None if there are none."""
    lines = [line for line in data.read_bytes().decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if not lines:
        return None
    separator = max(",;\t", key=lines[-1].count)
    rows = [[_number(cell) for cell in line.split(separator)] for line in lines]
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
