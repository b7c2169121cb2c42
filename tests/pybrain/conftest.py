"""Fixtures of the library's tests."""

from __future__ import annotations

import random

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Seed the generators that PyBrain draws from: a test must not depend on the tests before it, or on luck."""
    random.seed(0)
    np.random.seed(0)
