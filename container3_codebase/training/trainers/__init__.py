"""Trainers: each fits the parameters of a network to rows, epoch by epoch, and can be saved and resumed."""

from training.trainers.base import Trainer, TrainerOptions
from training.trainers.registry import KINDS, TrainerKind, make_trainer

__all__ = ["KINDS", "Trainer", "TrainerKind", "TrainerOptions", "make_trainer"]
