"""The kinds of trainers: names, defaults, and the options that each uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from pybrain.structure import FeedForwardNetwork, SoftmaxLayer
from training.errors import OptionError, TrainingDataError
from training.trainers.adam import Adam
from training.trainers.backprop import Backprop
from training.trainers.base import Array, Trainer, TrainerOptions
from training.trainers.lbfgs import LBFGS
from training.trainers.rprop import RProp

Factory = Callable[[FeedForwardNetwork, Array, Array, TrainerOptions, int], Trainer]


@dataclass(frozen=True)
class TrainerKind:
    """A kind of trainer.

    Attributes:
        make: creates a trainer from network, inputs, targets, options and seed.
        options: the fields of TrainerOptions that the trainer uses.
        learning_rate: the default learning rate; None if the trainer uses none.
        batch_size: the default batch size; None if the trainer uses none.
        decay_rows: for softmax outputs, whose cross-entropy has no minimum if the classes are separable, the default
            weight decay is this number divided by the number of rows, but at most `LARGEST_DECAY`. For other outputs
            it is 0.
        refit_growth: the number of epochs of a refit, relative to the best epoch of validation; with more rows, and
            without the noise of a small validation set, networks benefit from more epochs.
        refit_more: the minimum number of additional epochs of a refit.
        refit_averaged: the fraction of final refit epochs whose parameters are averaged; 0 for the last epoch only.
        summary: a one-line summary for the help of a command.
    """

    make: Factory
    options: frozenset[str]
    learning_rate: float | None = None
    batch_size: int | None = None
    decay_rows: float = 0.0
    refit_growth: float = 1.0
    refit_more: int = 0
    refit_averaged: float = 0.0
    summary: str = ""

    def default_decay(self, rows: int, *, softmax: bool) -> float:
        """Return the default weight decay.

        Args:
            rows: the number of training rows.
            softmax: whether the output layer is softmax.
        """
        return min(LARGEST_DECAY, self.decay_rows / rows) if softmax else 0.0

    def refit_epochs(self, best: int, most: int) -> int:
        """Return the number of epochs of a refit.

        Args:
            best: the epoch with the smallest validation error.
            most: the maximum number of epochs.
        """
        return min(most, max(round(best * self.refit_growth), best + self.refit_more))


LARGEST_DECAY = 0.2
"""The largest default weight decay."""

_ALL = frozenset(field.name for field in fields(TrainerOptions))

KINDS: dict[str, TrainerKind] = {
    "backprop": TrainerKind(
        make=Backprop,
        options=_ALL,
        learning_rate=0.01,
        batch_size=1,
        summary="PyBrain's backpropagation, one update per row or per epoch",
    ),
    "rprop": TrainerKind(
        make=RProp,
        options=frozenset({"weight_decay", "shuffle"}),
        summary="PyBrain's resilient propagation, one update per epoch",
    ),
    "adam": TrainerKind(
        make=Adam,
        options=_ALL - {"momentum"},
        learning_rate=0.01,
        batch_size=32,
        decay_rows=40.0,
        refit_growth=1.5,
        refit_more=20,
        refit_averaged=0.25,
        summary="Adam on mini-batches; cross-entropy for softmax outputs",
    ),
    "lbfgs": TrainerKind(
        make=LBFGS,
        options=frozenset({"weight_decay", "shuffle"}),
        summary="L-BFGS on all rows, one iteration per epoch; cross-entropy for softmax outputs",
    ),
}


def make_trainer(
    name: str, network: FeedForwardNetwork, inputs: Array, targets: Array, options: TrainerOptions, seed: int
) -> Trainer:
    """Create a trainer.

    Args:
        name: a key of ``KINDS``.
        network: the network to train; its parameters are changed in place.
        inputs: scaled inputs, shape (n, indim).
        targets: scaled or one-hot targets, shape (n, outdim).
        options: the trainer options; those that the trainer does not use must have their defaults.
        seed: the random seed.

    Raises:
        OptionError: the trainer does not exist, or does not use an option that was set.
        TrainingDataError: there are no rows, they do not fit the network, or a value is not finite.
    """
    if name not in KINDS:
        raise OptionError(f"unknown trainer {name!r}; expected one of {', '.join(KINDS)}", option="trainer")
    kind = KINDS[name]
    _check_options(name, kind, options)
    inputs, targets = np.asarray(inputs, dtype=float), np.asarray(targets, dtype=float)
    _check_rows(network, inputs, targets)
    return kind.make(network, inputs, targets, _with_defaults(kind, options, network, len(inputs)), seed)


def _check_options(name: str, kind: TrainerKind, options: TrainerOptions) -> None:
    for field in fields(options):
        if field.name not in kind.options and getattr(options, field.name) != field.default:
            words = field.name.replace("_", " ")
            raise OptionError(f"{words} is not used by trainer {name}", option=field.name)


def _with_defaults(
    kind: TrainerKind, options: TrainerOptions, network: FeedForwardNetwork, rows: int
) -> TrainerOptions:
    rate = kind.learning_rate if options.learning_rate is None else options.learning_rate
    size = kind.batch_size if options.batch_size is None else options.batch_size
    decay = options.weight_decay
    if decay is None:
        softmax = isinstance(network.outmodules[0], SoftmaxLayer)
        decay = kind.default_decay(rows, softmax=softmax)
    return replace(options, learning_rate=rate, batch_size=size, weight_decay=decay)


def _check_rows(network: FeedForwardNetwork, inputs: Array, targets: Array) -> None:
    if not len(inputs):
        raise TrainingDataError("there are no training rows")
    if len(inputs) != len(targets):
        raise TrainingDataError(f"{len(inputs)} rows of inputs, but {len(targets)} rows of targets")
    for what, rows, width in (("inputs", inputs, network.indim), ("targets", targets, network.outdim)):
        if rows.ndim != 2 or rows.shape[1] != width:
            raise TrainingDataError(
                f"expected {what} of shape (rows, {width}) for the network; got {rows.shape}"
            )
        if not np.isfinite(rows).all():
            at, column = np.argwhere(~np.isfinite(rows))[0]
            raise TrainingDataError(
                f"training row {at + 1}, {what} column {column + 1} is {rows[at, column]}; "
                "expected a finite number"
            )
