"""Makes the trainings of a plan."""

from __future__ import annotations

from training.fitting.fit import Fit, Limits
from training.fitting.refit import Refit
from training.plan import Plan
from training.trainers.base import Trainer, TrainerOptions
from training.trainers.registry import KINDS, make_trainer


def make_fit(plan: Plan) -> Fit:
    """Return the training of a plan, before its first epoch."""
    options, measured = plan.options, plan.measured
    limits = Limits(options.epochs, options.patience)
    return Fit(
        plan.network,
        _trainer(plan),
        plan.inputs[measured],
        plan.targets[measured],
        limits,
        options.learning_rate,
    )


def make_refit(plan: Plan, best: int) -> Refit:
    """Return the training on all training rows of a plan, before its first epoch.

    Args:
        plan: its training rows are those for training and validation.
        best: the epoch that validation found best.
    """
    options, train = plan.options, plan.split.train
    kind = KINDS[options.trainer]
    epochs = kind.refit_epochs(best, options.epochs)
    averaged = max(1, round(epochs * kind.refit_averaged))
    return Refit(
        plan.network, _trainer(plan), plan.inputs[train], plan.targets[train], epochs, averaged,
        options.learning_rate,
    )  # fmt: skip


def _trainer(plan: Plan) -> Trainer:
    options, train = plan.options, plan.split.train
    size = options.batch_size
    if options.batch and "batch_size" in KINDS[options.trainer].options:  # the others always take all rows
        size = max(2, len(train))
    return make_trainer(
        options.trainer,
        plan.network,
        plan.inputs[train],
        plan.targets[train],
        TrainerOptions(options.learning_rate, options.momentum, options.weight_decay, size, options.shuffle),
        options.seed,
    )
