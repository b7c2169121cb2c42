"""Helpers for testing networks: gradients, equality, and writing and reading XML."""

from pybrain.tests.helpers import (
    buildAppropriateDataset,
    epsilonCheck,
    gradientCheck,
    netCompare,
    xmlInvariance,
)
from pybrain.tests.testsuites import runModuleTestSuite
