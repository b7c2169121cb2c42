"""The activation functions of layers, for arrays of any shape.

They are the same as PyBrain's: exponents are clipped at 500 so that they do not overflow, and softmax does not
subtract the maximum, so that it saturates where PyBrain's does. ``docs/pybrain-compatibility.md`` lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
else:
    Array = np.ndarray

EXPONENT_LIMIT = 500.0
"""PyBrain clips the argument of an exponential to -500 .. 500."""


def identity(x: Array) -> Array:
    """Return x."""
    return x


def safe_exp(x: Array) -> Array:
    """Return exp(x) with x clipped to -500 .. 500."""
    return np.exp(np.clip(x, -EXPONENT_LIMIT, EXPONENT_LIMIT))


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), never exactly 0."""
    return 1.0 / (1.0 + safe_exp(-x))


def relu(x: Array) -> Array:
    """Return x if it is above 0, else 0 (and NaN for minus infinity, as PyBrain does)."""
    return x * (x > 0)


def softsign(x: Array) -> Array:
    """Return x / (1 + |x|)."""
    size: Array = np.abs(x)
    return x / (1.0 + size)


def softmax(x: Array) -> Array:
    """Return exp(x) over its sum along the last axis."""
    e = safe_exp(x)
    total: Array = e.sum(axis=-1, keepdims=True)
    return e / total


def expln(x: Array) -> Array:
    """Return exp(x) below 0 and ln(x + 1) + 1 from 0 on: a positive, slowly growing function."""
    return np.where(x < 0, np.exp(np.minimum(x, 0.0)), np.log1p(np.maximum(x, 0.0)) + 1.0)
