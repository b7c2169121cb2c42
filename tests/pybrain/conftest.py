"""Fixtures of the library's tests."""

from __future__ import annotations

import random

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Seed the generators that PyBrain uses: a test must not depend on earlier tests, or on chance."""
    random.seed(0)
    np.random.seed(0)
