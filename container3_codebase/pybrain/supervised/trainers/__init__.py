"""Trainers: objects that fit a module to a data set."""

from pybrain.supervised.trainers.backprop import BackpropTrainer
from pybrain.supervised.trainers.rprop import RPropMinusTrainer
from pybrain.supervised.trainers.trainer import Trainer

__all__ = ["BackpropTrainer", "RPropMinusTrainer", "Trainer"]
