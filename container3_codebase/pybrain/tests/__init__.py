"""Checks that programs use to test networks: gradients, equality, and writing and reading as XML."""

from pybrain.tests.helpers import (
    buildAppropriateDataset,
    epsilonCheck,
    gradientCheck,
    netCompare,
    xmlInvariance,
)
from pybrain.tests.testsuites import runModuleTestSuite
