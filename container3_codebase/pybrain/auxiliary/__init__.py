"""Helpers of the trainers: descent rules, Gaussian processes, importance mixing."""

from pybrain.auxiliary.gaussprocess import GaussianProcess
from pybrain.auxiliary.gradientdescent import GradientDescent
from pybrain.auxiliary.importancemixing import importanceMixing

__all__ = ["GaussianProcess", "GradientDescent", "importanceMixing"]
