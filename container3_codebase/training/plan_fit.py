"""Create the training run and the refit of a plan."""

from __future__ import annotations

from training.fitting.fit import Fit, Limits
from training.fitting.refit import Refit
from training.plan import Plan
from training.trainers.base import Trainer, TrainerOptions
from training.trainers.registry import KINDS, make_trainer


def make_fit(plan: Plan) -> Fit:
    """Create the training run of a plan, before its first epoch."""
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
    """Create the refit of a plan, before its first epoch.

    Args:
        plan: the plan, whose training rows include the validation rows.
        best: the epoch with the smallest validation error.
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
    if (
        options.batch and "batch_size" in KINDS[options.trainer].options
    ):  # the other trainers always use all rows
        size = max(2, len(train))
    return make_trainer(
        options.trainer,
        plan.network,
        plan.inputs[train],
        plan.targets[train],
        TrainerOptions(options.learning_rate, options.momentum, options.weight_decay, size, options.shuffle),
        options.seed,
    )
