"""MinHash for binary vectors (Broder 1997)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pybrain._typing import AnyArray, ArrayLike, BoolArray


def arrayPermutation(permutation: ArrayLike) -> Callable[[ArrayLike], AnyArray]:
    """Return a function that permutes an array: entry i of the result is entry permutation[i].

    Raises:
        ValueError: the function is called with an array of the wrong length.
    """
    order = np.asarray(permutation, dtype=int)

    def permute(array: ArrayLike) -> AnyArray:
        array = np.asarray(array)
        if len(array) != len(order):
            raise ValueError(f"the permutation has {len(order)} entries, the array has {len(array)}")
        return array[order]

    return permute


def jacardCoefficient(a: ArrayLike, b: ArrayLike) -> float:
    """Return the fraction of entries in which two binary vectors agree.

    This is PyBrain's definition; usually the coefficient is the ones in common over the ones in either.

    Args:
        a: a binary vector.
        b: a binary vector of the same length.
    """
    a, b = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    return float(np.mean(a == b))


class MinHash:
    """MinHash buckets of binary vectors: similar vectors are more likely to share a bucket.

    The hash of a vector lists the position of its first one in each of several random permutations.
    Two vectors agree in one permutation with probability J, their ones in common over their ones in
    either, and so share a bucket with probability J^nPermutations.

    Args:
        dim: length of the vectors.
        nPermutations: number of permutations.
    """

    def __init__(self, dim: int, nPermutations: int) -> None:
        self.dim = dim
        self.permutations = np.array([np.random.permutation(dim) for _ in range(nPermutations)])
        self.buckets: defaultdict[Any, list[tuple[Any, Any]]] = defaultdict(list)

    def _checked(self, item: ArrayLike) -> BoolArray:
        item = np.asarray(item, dtype=bool)
        if item.shape != (self.dim,):
            raise ValueError(f"items have {self.dim} entries; this has shape {item.shape}")
        return item

    def _hash(self, item: BoolArray) -> tuple[int, ...]:
        """Return the position of the first one in each permutation; `dim` if there is none."""
        permuted = item[self.permutations]
        return tuple(np.where(permuted.any(axis=1), permuted.argmax(axis=1), self.dim).tolist())

    def put(self, item: ArrayLike, satellite: Any) -> None:
        """Store a vector with associated data.

        Args:
            item: the vector, shape (dim,).
            satellite: the associated data.
        """
        item = self._checked(item)
        self.buckets[self._hash(item)].append((item, satellite))

    def knn(self, item: ArrayLike, k: int) -> list[tuple[Any, Any]]:
        """Return (vector, satellite) of up to k most similar vectors in the bucket, best first.

        Args:
            item: the query vector, shape (dim,).
            k: maximum number of neighbours.
        """
        item = self._checked(item)
        bucket = self.buckets.get(self._hash(item), [])
        return sorted(bucket, key=lambda entry: -jacardCoefficient(entry[0], item))[:k]
