"""Plan a training run: rows, split, card, and the network with its initial parameters."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pybrain.structure import FeedForwardNetwork
from pybrain_runtime import Knowledge, load_knowledge
from pybrain_runtime.errors import UnsupportedPart
from pybrain_runtime.io.paths import base, split_ending
from pybrain_runtime.network.model_card import Card, Column
from training.evaluation import rows_for
from training.fitting.architecture import create_network
from training.options import CREATE, REFINE, TrainingOptions
from training.rows.reading import read_table
from training.rows.scaling import Scaling
from training.rows.split import Split, split_rows
from training.rows.table import Table
from training.rows.targets import CLASSIFICATION, REGRESSION, Rows, check_learnable, rows_of

Array = NDArray[np.float64]

_NOT_PART_OF_THE_RESULT = (
    *("data", "out", "name", "promote", "resume", "plots", "model"),
    *("tracking_uri", "experiment", "register", "alias", "tracking_wait"),
)


@dataclass(frozen=True)
class Plan:
    """A training run before its first epoch.

    Attributes:
        scenario: ``create`` or ``refine``.
        options: the options.
        table: the table with the rows.
        rows: features and targets.
        split: the split into training, validation and test rows.
        card: names, scaling and labels of the knowledge.
        network: the network with its initial parameters.
        origin: the SHA-256 of the knowledge to refine; empty for new knowledge.
    """

    scenario: str
    options: TrainingOptions
    table: Table
    rows: Rows
    split: Split
    card: Card
    network: FeedForwardNetwork
    origin: str = ""

    @cached_property
    def inputs(self) -> Array:
        """The scaled inputs of all rows, shape (n, indim)."""
        return self.card.scaled(self.rows.inputs)

    @cached_property
    def targets(self) -> Array:
        """The targets of all rows, encoded as network outputs, shape (n, outdim)."""
        if self.rows.task == REGRESSION:
            mean, scale = _arrays(self.card.outputs)
            scaled: Array = (self.rows.expected - mean) / scale
            return scaled
        if self.network.outdim == 1:  # one output that separates two classes
            return self.rows.classes[:, None].astype(np.float64)
        return self.rows.expected

    @property
    def measured(self) -> NDArray[np.int64]:
        """The indices of the rows on which progress is measured: validation rows, or else training rows."""
        return self.split.validation if len(self.split.validation) else self.split.train

    def options_of_the_result(self) -> dict[str, object]:
        """Return the options that the result depends on."""
        return options_of_the_result(self.options)

    def identity(self) -> dict[str, object]:
        """Return the identity of the run: a checkpoint is valid only for a run of the same identity."""
        return {
            "scenario": self.scenario,
            "rows": self.table.sha256,
            "model": self.origin,
            "name": self.card.name,
            **self.options_of_the_result(),
        }


def options_of_the_result(options: TrainingOptions) -> dict[str, object]:
    """Return the options that the result of a training run depends on."""
    values = asdict(options)
    return {key: value for key, value in values.items() if key not in _NOT_PART_OF_THE_RESULT}


def plan_create(options: TrainingOptions) -> Plan:
    """Create a plan for new knowledge.

    Raises:
        PipelineError: the rows cannot be trained on.
    """
    table = read_table(options.data)
    rows = rows_of(table, options.target, options.features, options.task)
    return plan_new(options, table, rows, _split(rows, table, options))


def plan_new(options: TrainingOptions, table: Table, rows: Rows, split: Split) -> Plan:
    """Create a plan for new knowledge from rows that are already split.

    Args:
        options: the options.
        table: the table with the rows.
        rows: features and targets.
        split: the split into training, validation and test rows; the training rows determine the scaling.
    """
    card = _card(rows, split, options, table)
    network = create_network(
        len(rows.features), len(rows.outputs), hidden=options.hidden, hidden_class=options.hidden_class,
        softmax=rows.task == CLASSIFICATION, seed=options.seed,
    )  # fmt: skip
    return Plan(CREATE, options, table, rows, split, card, network)


def plan_refine(options: TrainingOptions) -> Plan:
    """Create a plan for training existing knowledge further; names, scaling and labels do not change.

    Raises:
        PipelineError: the rows cannot be trained on, or do not match the knowledge.
        UnsupportedPart: the network is recurrent.
    """
    knowledge = load_knowledge(options.model)
    if knowledge.network.recurrent:
        raise UnsupportedPart(
            f"{knowledge.name} is recurrent; rows in random order cannot train it.", part=knowledge.kind
        )
    table = read_table(options.data)
    rows = rows_for(knowledge, table, options)
    split = _split(rows, table, options)
    card = _card_of(knowledge, rows, options)
    return Plan(REFINE, options, table, rows, split, card, knowledge.to_pybrain(), knowledge.sha256)


def _split(rows: Rows, table: Table, options: TrainingOptions) -> Split:
    check_learnable(rows, table.name)
    return split_rows(
        rows, validation=options.validation, test=options.test, seed=options.seed, name=table.name
    )


def _card(rows: Rows, split: Split, options: TrainingOptions, table: Table) -> Card:
    inputs = Scaling.fitted(rows.inputs[split.train]) if options.scale else Scaling.none(len(rows.features))
    scales_outputs = options.scale and rows.task == REGRESSION
    outputs = (
        Scaling.fitted(rows.expected[split.train]) if scales_outputs else Scaling.none(len(rows.outputs))
    )
    return Card(
        name=options.name or _stem(table.name),
        description=f"Predicts {', '.join(rows.targets)} from {', '.join(rows.features)}.",
        task=rows.task,
        inputs=_columns(rows.features, inputs),
        outputs=_columns(rows.outputs, outputs),
        labels=rows.labels,
        class_column=rows.targets[0] if rows.labels else "",
    )


def _card_of(knowledge: Knowledge, rows: Rows, options: TrainingOptions) -> Card:
    known = knowledge.card or Card(
        _stem(knowledge.name), "", "", (Column(),) * knowledge.indim, (Column(),) * knowledge.outdim, ()
    )
    outputs = rows.outputs if len(rows.outputs) == knowledge.outdim else ("",) * knowledge.outdim
    return known.replace(
        name=options.name or known.name or _stem(knowledge.name),
        task=rows.task,
        inputs=_named(known.inputs, rows.features),
        outputs=_named(known.outputs, outputs),
        class_column=known.class_column or (rows.targets[0] if known.labels and rows.labels else ""),
    )


def _named(columns: tuple[Column, ...], names: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(
        column if column.name else column.replace(name=name)
        for column, name in zip(columns, names, strict=True)
    )


def _columns(names: tuple[str, ...], scaling: Scaling) -> tuple[Column, ...]:
    return tuple(
        Column(name, "", float(mean), float(scale))
        for name, mean, scale in zip(names, scaling.mean, scaling.scale, strict=True)
    )


def _arrays(columns: tuple[Column, ...]) -> tuple[Array, Array]:
    return np.array([column.mean for column in columns]), np.array([column.scale for column in columns])


def _stem(name: str) -> str:
    return split_ending(base(name).removesuffix(".gz"))[0]
