"""Fronts of non-dominated solutions (Deb et al. 2002, NSGA-II).

`key` maps an item to its objectives, all to be minimised. With `allowequality` one item dominates
another only if it is better in every objective; without, if it is not worse in any objective and
better in at least one. In the `const_` functions `key` maps an item to (objectives, violation): a
solution is feasible if its violation is not below 0; feasible ones dominate others, and of two
infeasible ones, the one with the larger (less negative) violation dominates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pybrain._typing import BoolArray


# Crowding distance of the extremes: larger than any other, but still finite.
_EXTREME = 1e100


def _identity(x: Any) -> Any:
    return x


def crowding_distance(individuals: Iterable[Any], fitnesses: Any) -> dict[Any, float]:
    """Return individual -> crowding distance, the sum of the gaps between its neighbours in each objective.

    Args:
        individuals: hashable items.
        fitnesses: individual -> its objectives.

    Returns:
        A dictionary; the extreme individuals of each objective have the distance 1e100.
    """
    individuals = list(individuals)
    values = np.array([np.atleast_1d(fitnesses[one]) for one in individuals], dtype=float)
    distances = np.zeros(len(individuals))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        spread = column[order[-1]] - column[order[0]]
        distances[order[[0, -1]]] = _EXTREME
        if spread > 0:
            distances[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / spread
    return dict(zip(individuals, np.minimum(distances, _EXTREME).tolist(), strict=True))


def _dominates(values: Any, allowequality: bool) -> Any:
    """Return whether row i dominates row j, shape (n, n)."""
    less = values[:, None] < values[None]
    if allowequality:
        return less.all(-1)
    return (values[:, None] <= values[None]).all(-1) & less.any(-1)


def _front(items: Any, dominates: BoolArray) -> set[Any]:
    return {items[index] for index in np.flatnonzero(~dominates.any(axis=0))}


def non_dominated_front(
    iterable: Iterable[Any], key: Callable[[Any], Any] = _identity, allowequality: bool = True
) -> set[Any]:
    """Return the set of items that no other dominates.

    Args:
        iterable: the items, hashable.
        key: maps an item to its objectives; by default, the item itself.
        allowequality: see the module docstring.
    """
    items = list(iterable)
    if not items:
        return set()
    values = np.array([np.atleast_1d(key(item)) for item in items], dtype=float)
    return _front(items, _dominates(values, allowequality))


def non_dominated_sort(
    iterable: Iterable[Any], key: Callable[[Any], Any] = _identity, allowequality: bool = True
) -> list[Any]:
    """Return a list of sets: the front, then the front of the remaining items, and so on.

    Args:
        iterable: the items, hashable.
        key: maps an item to its objectives; by default, the item itself.
        allowequality: see the module docstring.
    """
    return _sortByFronts(iterable, lambda items: non_dominated_front(items, key, allowequality))


def _sortByFronts(iterable: Iterable[Any], frontOf: Callable[[Any], Any]) -> Any:
    left, fronts = list(iterable), []
    while left:
        front = frontOf(left)
        fronts.append(front)
        left = [item for item in left if item not in front]
    return fronts


def _constDominates(values: Any, violations: Any, allowequality: bool) -> Any:
    feasible = violations >= 0
    both = feasible[:, None] & feasible[None]
    better = feasible[:, None] & ~feasible[None]
    less = ~feasible[:, None] & ~feasible[None] & (violations[:, None] > violations[None])
    return (both & _dominates(values, allowequality)) | better | less


def const_non_dominated_front(
    iterable: Iterable[Any], key: Callable[[Any], Any] = _identity, allowequality: bool = True
) -> set[Any]:
    """Return the set of items that no other dominates under constraints.

    Args:
        iterable: the items, hashable.
        key: maps an item to (objectives, violation); by default, the item itself.
        allowequality: see the module docstring.
    """
    items = list(iterable)
    if not items:
        return set()
    values = np.array([np.atleast_1d(key(item)[0]) for item in items], dtype=float)
    violations = np.array([float(np.min(key(item)[1])) for item in items])
    return _front(items, _constDominates(values, violations, allowequality))


def const_non_dominated_sort(
    iterable: Iterable[Any], key: Callable[[Any], Any] = _identity, allowequality: bool = True
) -> list[Any]:
    """Return a list of sets: fronts under constraints.

    Args:
        iterable: the items, hashable.
        key: maps an item to (objectives, violation); by default, the item itself.
        allowequality: see the module docstring.
    """
    return _sortByFronts(iterable, lambda items: const_non_dominated_front(items, key, allowequality))


def const_crowding_distance(individuals: Iterable[Any], fitnesses: Any) -> dict[Any, float]:
    """Return crowding distances from fitnesses given as individual -> (objectives, violation).

    Args:
        individuals: hashable items.
        fitnesses: individual -> (objectives, violation).
    """
    return crowding_distance(individuals, {one: fitnesses[one][0] for one in individuals})


def const_number_of_feasible_pop(
    iterable: Iterable[Any], key: Callable[[Any], Any] = _identity, allowequality: bool = True
) -> int:
    """Return the number of feasible items.

    Args:
        iterable: the items, hashable.
        key: maps an item to (objectives, violation); by default, the item itself.
        allowequality: not used.
    """
    return sum(float(np.min(key(item)[1])) >= 0 for item in iterable)


# PyBrain has several implementations of this function that differ in speed; here they are one function.
_non_dominated_front_old = non_dominated_front
_non_dominated_front_fast = non_dominated_front
_non_dominated_front_merge = non_dominated_front
_non_dominated_front_arr = non_dominated_front
_non_dominated_front_merge_arr = non_dominated_front
_const_non_dominated_front_arr = const_non_dominated_front
_const_non_dominated_front_merge_arr = const_non_dominated_front
