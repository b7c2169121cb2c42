"""Numeric functions with the same results as PyBrain's, without its warnings.

Source of the formulas: PyBrain's recorded behaviour, unless a function names another source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import tanh as tanh  # programs import it from here

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, ArrayLike, IntArray


# PyBrain clips exponents here, which affects its results: sigmoid(-600) is 7.1e-218, not 0.
EXPONENT_LIMIT = 500.0


def safeExp(x: Any) -> Any:
    """Compute ``exp(x)`` with ``x`` clipped to [-500, 500], so that it neither overflows nor reaches 0.

    Args:
        x: a number or an array.
    """
    return np.exp(np.minimum(np.maximum(x, -EXPONENT_LIMIT), EXPONENT_LIMIT))


def sigmoid(x: Any) -> Any:
    """Compute ``1 / (1 + exp(-x))``, element by element; between 7.1e-218 and 1."""
    return 1.0 / (1.0 + safeExp(-np.asarray(x, dtype=float)))


def sigmoidPrime(x: Any) -> Any:
    """Compute the derivative of :func:`sigmoid` at ``x``: ``s (1 - s)``."""
    s = sigmoid(x)
    return s * (1 - s)


def tanhPrime(x: Any) -> Any:
    """Compute the derivative of tanh at ``x``: ``1 - tanh(x)^2``."""
    return 1 - np.tanh(x) ** 2


def semilinear(x: Any) -> Any:
    """Compute an exponential below 0 and a line above, smooth at 0: ``exp(x)`` for x < 0, else ``x + 1``.

    Args:
        x: a number or an array.
    """
    x = np.asarray(x, dtype=float)
    return np.where(x < 0, np.exp(np.minimum(x, 0)), x + 1.0)[()]


def semilinearPrime(x: Any) -> Any:
    """Compute the derivative of :func:`semilinear` at ``x``."""
    x = np.asarray(x, dtype=float)
    return np.where(x < 0, np.exp(np.minimum(x, 0)), 1.0)[()]


def expln(x: Any) -> Any:
    """Compute an exponential below 0 and a logarithm above: ``exp(x)`` for x < 0, else ``ln(x + 1) + 1``.

    Always positive, smooth at 0, and slowly growing; used by layers that have a standard deviation as parameter.

    Args:
        x: a number or an array.
    """
    x = np.asarray(x, dtype=float)
    return np.where(x < 0, np.exp(np.minimum(x, 0)), np.log1p(np.maximum(x, 0)) + 1.0)[()]


def explnPrime(x: Any) -> Any:
    """Compute the derivative of :func:`expln` at ``x``: ``exp(x)`` for x < 0, else ``1 / (x + 1)``."""
    x = np.asarray(x, dtype=float)
    return np.where(x < 0, np.exp(np.minimum(x, 0)), 1.0 / (np.maximum(x, 0) + 1.0))[()]


def ranking(R: ArrayLike) -> IntArray:
    """Return the rank of each value: 0 for the smallest; equal values keep their order.

    Args:
        R: a sequence of n numbers.

    Returns:
        Integer array of shape (n,).
    """
    order = np.argsort(np.asarray(R), kind="stable")
    ranks = np.empty(len(order), dtype=int)
    ranks[order] = np.arange(len(order))
    return ranks


def multivariateNormalPdf(z: ArrayLike, x: ArrayLike, sigma: ArrayLike) -> float:
    """Compute the density of the normal distribution N(x, sigma) at ``z``.

    Args:
        z: the point, shape (n,).
        x: mean, shape (n,).
        sigma: covariance matrix, shape (n, n).
    """
    z, x, sigma = np.asarray(z, float), np.asarray(x, float), np.asarray(sigma, float)
    delta = z - x
    scale = np.sqrt((2 * np.pi) ** len(z) * np.linalg.det(sigma))
    return float(np.exp(-0.5 * delta @ np.linalg.solve(sigma, delta)) / scale)


def simpleMultivariateNormalPdf(z: ArrayLike, detFactorSigma: float) -> float:
    """Compute the density at a standardized ``z`` (unit covariance), given the determinant of the factor.

    Args:
        z: standardized position, shape (n,).
        detFactorSigma: determinant of the factor A of the covariance A'A.
    """
    z = np.asarray(z, float)
    return float(np.exp(-0.5 * z @ z) / ((2 * np.pi) ** (len(z) / 2.0) * detFactorSigma))


def multivariateCauchy(mu: ArrayLike, sigma: ArrayLike, onlyDiagonal: bool = True) -> Array:
    """Draw a random vector of independent Cauchy numbers around ``mu``.

    Args:
        mu: centre, shape (n,).
        sigma: the scales on the diagonal, shape (n,); or a matrix, whose diagonal is used.
        onlyDiagonal: whether ``sigma`` is already the diagonal.
    """
    scales = np.asarray(sigma, float) if onlyDiagonal else np.diag(np.asarray(sigma, float))
    centre = np.asarray(mu, float)
    # Inverse of the distribution function; uniform numbers from NumPy's global generator.
    return centre + scales * np.tan(np.pi * (np.random.rand(len(centre)) - 0.5))


def approxChiFunction(dim: int) -> float:
    """Approximate the expected length of a standard normal vector.

    Source: N. Hansen, "The CMA Evolution Strategy: A Tutorial", the expression for E||N(0, I)||.
    """
    n = float(dim)
    return float(np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)))


def sqrtm(M: ArrayLike) -> Array:
    """Compute the symmetric square root of a symmetric positive semidefinite matrix, shape (n, n)."""
    values, vectors = np.linalg.eigh(np.asarray(M, float))
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
