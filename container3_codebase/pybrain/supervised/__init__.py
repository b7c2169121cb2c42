"""Learning from samples with wanted outputs."""

from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer, Trainer

__all__ = ["BackpropTrainer", "RPropMinusTrainer", "Trainer"]
