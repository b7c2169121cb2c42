"""Compute the expected prediction from a submission's own model and data, without executing any of its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from common.project import ACTIVATIONBASE, KNOWLEDGEBASE
from evaluation.layout.places import Places
from evaluation.prediction.readings.columns import input_readings
from evaluation.prediction.readings.companions import companions_of
from evaluation.prediction.readings.scaling import scaling_readings
from evaluation.submission.submission import Submission
from pybrain_runtime import Knowledge, load_knowledge

_NOT_FINITE = "the outputs of the network for these rows are not finite"
_CARD_NOT_USED = "the scaling in the model card is not applied"
_MOST_READINGS = 16


@dataclass(frozen=True, eq=False)
class Reading:
    """One possible prediction of a network for its rows.

    Attributes:
        text: how rows and outputs are processed, for a report; empty if there is only the usual way.
        outputs: the prediction, shape (rows, outdim).
        why_wrong: why this is not the network's prediction; empty if it is correct.
    """

    text: str
    outputs: NDArray[np.float64]
    why_wrong: str = ""


@dataclass(frozen=True, eq=False)
class Expected:
    """The expected prediction.

    Attributes:
        knowledge: the network; None if it could not be loaded.
        readings: the possible predictions, correct and wrong ones; empty if nothing could be computed.
        why_not: why nothing could be computed.
    """

    knowledge: Knowledge | None
    readings: tuple[Reading, ...]
    why_not: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The class labels of the model card; empty if it has none."""
        return self.knowledge.labels if self.knowledge else ()

    @property
    def right(self) -> tuple[Reading, ...]:
        """The correct readings, which earn points."""
        return tuple(reading for reading in self.readings if not reading.why_wrong)

    @property
    def outputs(self) -> tuple[NDArray[np.float64], ...]:
        """The correct predictions, arrays of shape (rows, outdim)."""
        return tuple(reading.outputs for reading in self.right)

    def outputs_of(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], ...]:
        """Return the predictions of the named readings; empty if one of them is missing.

        Args:
            texts: the `Reading.text` of each; empty for all correct readings.
        """
        found = {reading.text: reading.outputs for reading in self.readings}
        if not texts:
            return self.outputs
        return tuple(found[text] for text in texts) if set(texts) <= found.keys() else ()


def compute_expected_for(submission: Submission, places: Places) -> Expected:
    """Compute the prediction of a submission's network for its rows.

    Args:
        submission: the submission.
        places: the locations of its rows and its network.
    """
    for role in (ACTIVATIONBASE, KNOWLEDGEBASE):
        place = places.role(role)
        if place is None or not place.file:
            return Expected(None, (), f"{place.expected_file if place else role} was not found")
    return compute_expected(submission.path(places.model), submission.path(places.rows))


def compute_expected(model: Path, data: Path) -> Expected:
    """Compute the prediction of a network for rows.

    Args:
        model: the file of the submission's network.
        data: the file of the submission's rows.
    """
    try:
        knowledge = load_knowledge(model)
    except PipelineError as error:
        return Expected(None, (), f"the safe runtime cannot load {model.name}: {error.message}")
    try:
        readings = _readings(model, data, knowledge)
    except PipelineError as error:
        return Expected(knowledge, (), error.message)
    finite = tuple(reading for reading in readings if np.isfinite(reading.outputs).all())
    why_not = "" if any(not reading.why_wrong for reading in finite) else _NOT_FINITE
    return Expected(knowledge, finite if not why_not else (), why_not)


def _readings(model: Path, data: Path, knowledge: Knowledge) -> list[Reading]:
    """Return the predictions for each choice of input columns and each scaling."""
    companions = {} if knowledge.scaling == "card" else companions_of(knowledge, model)
    readings = []
    with np.errstate(all="ignore"):
        for columns, inputs in input_readings(data, knowledge):
            for scaling in scaling_readings(companions, inputs, knowledge.outdim):
                outputs = knowledge.activate(scaling.inputs.apply(inputs) if scaling.inputs else inputs)
                outputs = scaling.outputs.invert(outputs) if scaling.outputs else outputs
                text = "; ".join(part for part in (columns, scaling.text) if part)
                readings.append(Reading(text, outputs, scaling.why_wrong))
            if knowledge.scaling == "card":
                unscaled = knowledge.without_scaling().activate(inputs)
                readings.append(Reading("without the scaling of the card", unscaled, _CARD_NOT_USED))
    return readings[:_MOST_READINGS]
