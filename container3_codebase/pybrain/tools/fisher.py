"""Fisher information of a normal distribution, in blocks.

The distribution N(x, S) is described by its mean x and the upper triangular factor A with
S = A^T A. In these coordinates the information is block-diagonal: a block for the mean, and one
for the upper triangular part of each row of A (Sun, Wierstra, Schaul and Schmidhuber 2009,
Efficient natural evolution strategies, section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any


def _inverseAndFactor(sigma: Any, invSigma: Any, factorSigma: Any) -> Any:
    invSigma = np.linalg.inv(sigma) if invSigma is None else np.asarray(invSigma)
    factorSigma = np.linalg.cholesky(sigma).T if factorSigma is None else np.asarray(factorSigma)
    return invSigma, factorSigma


def calcFisherInformation(sigma: Any, invSigma: Any = None, factorSigma: Any = None) -> Any:
    """Return the blocks of the Fisher information: S^-1, then one per row of A.

    The block of row k is the lower right part of S^-1 from k on, plus 1/A_kk^2 in its corner.

    Args:
        sigma: covariance S, shape (d, d).
        invSigma: its inverse, if known.
        factorSigma: A, if known.
    """
    invSigma, factorSigma = _inverseAndFactor(sigma, invSigma, factorSigma)
    blocks = [invSigma.copy()]
    for k in range(len(invSigma)):
        block = invSigma[k:, k:].copy()
        block[0, 0] += factorSigma[k, k] ** -2
        blocks.append(block)
    return blocks


def calcInvFisher(sigma: Any, invSigma: Any = None, factorSigma: Any = None) -> Any:
    """Return the inverses of the blocks returned by `calcFisherInformation`.

    Each block is a part of S^-1 plus a matrix of rank one, so its inverse follows from that of
    the part by the formula of Sherman and Morrison.

    Args:
        sigma: covariance S, shape (d, d).
        invSigma: its inverse, if known.
        factorSigma: A, if known.
    """
    invSigma, factorSigma = _inverseAndFactor(sigma, invSigma, factorSigma)
    blocks = [np.linalg.inv(invSigma)]
    for k in range(len(invSigma)):
        inverse = np.linalg.inv(invSigma[k:, k:])
        column = inverse[:, :1]
        blocks.append(inverse - column @ column.T / (factorSigma[k, k] ** 2 + inverse[0, 0]))
    return blocks
