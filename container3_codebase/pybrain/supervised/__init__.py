"""Supervised learning: from samples with target outputs."""

from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer, Trainer

__all__ = ["BackpropTrainer", "RPropMinusTrainer", "Trainer"]
