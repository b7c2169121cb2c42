"""The refit: after early stopping, the network is trained again on both the training and the validation rows.

Validation determines the number of epochs; the refit then also learns from the validation rows. The scaling remains
that of the training rows, and the test rows remain unseen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.errors import Diverged
from training.fitting.checkpoint import Checkpoint
from training.fitting.fit import INTERRUPTED, Array, Fit
from training.fitting.refit import Refit
from training.observer import Observer, after_epoch
from training.plan import Plan
from training.plan_fit import make_refit
from training.results.folder import REFIT, ResultFolder
from training.rows.split import Split


def wants_refit(plan: Plan, fit: Fit, reason: str) -> bool:
    """Return whether a training run is followed by a refit.

    Args:
        plan: the plan of the run.
        fit: the completed run; there is no refit if no epoch was better than the initial network.
        reason: the reason for its end.
    """
    return (
        plan.options.refit
        and len(plan.split.validation) > 0
        and fit.state.best_epoch > 0
        and reason != INTERRUPTED
    )


def run_refit(
    plan: Plan, initial: Array, fit: Fit, folder: ResultFolder, observer: Observer
) -> tuple[int, bool]:
    """Train again on the training and validation rows, from the same initial parameters.

    If the refit is interrupted or diverges, the early-stopped network remains the result.

    Args:
        plan: the plan of the run.
        initial: the initial parameters, shape (paramdim,).
        fit: the completed run, whose best parameters are those of the early-stopped network.
        folder: the folder with the checkpoint.
        observer: the observer of the progress.

    Returns:
        The number of epochs, 0 if the early-stopped network remains the result; and whether the refit was interrupted.
    """
    network, best = plan.network, fit.state
    network.params[:] = initial
    wider = replace(plan, split=_without_validation(plan.split))
    refit = make_refit(wider, best.best_epoch)
    checkpoint = refit_checkpoint(plan, folder)
    if plan.options.resume and checkpoint.restore(refit):
        observer.note(f"Continuing the refit after epoch {refit.state.epoch:,}.")
    observer.refitting(len(wider.split.train), refit.epochs)
    ended = _ended(refit, checkpoint, observer)
    if ended == refit.epochs:
        return ended, False
    network.params[:] = best.best_parameters
    return 0, ended >= 0


def refit_checkpoint(plan: Plan, folder: ResultFolder) -> Checkpoint:
    """Return the checkpoint of a refit.

    Args:
        plan: the plan of the run.
        folder: the folder of the results.
    """
    return Checkpoint(folder.file(REFIT), {**plan.identity(), "refitted": True})


def _ended(refit: Refit, checkpoint: Checkpoint, observer: Observer) -> int:
    """Run a refit, and return the number of its epochs; -1 if it diverges."""
    try:
        refit.run(after_epoch(checkpoint, observer), observer.stop_requested)
    except Diverged as error:
        checkpoint.remove()
        observer.note(
            f"The refit diverged in epoch {error.epoch:,}; the result is the early-stopped network."
        )
        return -1
    return refit.state.epoch


def _without_validation(split: Split) -> Split:
    rows = np.sort(np.concatenate([split.train, split.validation]))
    return Split(rows, split.validation[:0], split.test)
