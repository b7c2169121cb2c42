"""The Indian buffet process: random binary matrices with unboundedly many columns.

Source: Griffiths and Ghahramani 2005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import AnyArray, ArrayLike


def leftordered(M: ArrayLike) -> AnyArray:
    """Return a binary matrix with its columns sorted as binary numbers, largest first."""
    M = np.asarray(M)
    # lexsort takes its last key first; the top row is the most significant digit.
    return M[:, np.lexsort(-M[::-1].astype(int))]


def generateIBP(customers: int, alpha: float = 10, reducedprop: float = 1.0) -> AnyArray:
    """Draw a binary matrix, shape (customers, dishes).

    Customer i takes each dish that m earlier customers took with probability m/i (times
    `reducedprop`), then Poisson(alpha/i) new ones.

    Args:
        customers: number of customers.
        alpha: mean number of dishes of the first customer.
        reducedprop: factor of the probability of known dishes.
    """
    matrix = np.zeros((customers, 0), dtype=bool)
    for i in range(1, customers + 1):
        chances = reducedprop * matrix.sum(axis=0) / i
        old = np.random.random(matrix.shape[1]) < chances
        new = np.random.poisson(alpha / i)
        matrix = np.hstack([matrix, np.zeros((customers, new), dtype=bool)])
        matrix[i - 1] = np.concatenate([old, np.ones(new, dtype=bool)])
    return matrix


def testIBP() -> Any:
    """Draw a matrix for 50 customers, left-ordered, with matplotlib."""
    from pybrain.tools.plotting.network import pyplot

    axes = pyplot().figure().gca()
    axes.imshow(leftordered(generateIBP(50)), cmap="gray_r", interpolation="nearest", aspect="auto")
    return axes


vars(testIBP)["__test__"] = False
