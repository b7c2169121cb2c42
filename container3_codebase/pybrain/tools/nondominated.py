"""Fronts of solutions that no other is better than in every respect (Deb et al. 2002, NSGA-II).

`key` maps an item to its objectives, all to be maximised. In the `const_` functions it maps an
item to (objectives, violation): a solution is feasible where its violation is not below 0;
feasible ones dominate others, and of two infeasible ones the one with less violation does.
"""

import numpy as np


def _identity(x):
    return x


def crowding_distance(individuals, fitnesses):
    """Return individual -> how far its neighbours in each objective lie apart, summed up.

    Args:
        individuals: hashable items.
        fitnesses: their objectives, shape (n, objectives).

    Returns:
        A dictionary; the extremes of each objective have infinity.
    """
    individuals = list(individuals)
    values = np.asarray(fitnesses, dtype=float).reshape(len(individuals), -1)
    distances = np.zeros(len(individuals))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        spread = column[order[-1]] - column[order[0]]
        distances[order[[0, -1]]] = np.inf
        if spread > 0:
            distances[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / spread
    return dict(zip(individuals, distances.tolist(), strict=True))


def _dominates(values):
    """Return whether row i dominates row j, shape (n, n): nowhere worse and somewhere better."""
    return (values[:, None] >= values[None]).all(-1) & (values[:, None] > values[None]).any(-1)


def _front(items, dominates, values, allowequality):
    kept = []
    for index in range(len(items)):
        if dominates[:, index].any():
            continue
        if not allowequality and any((values[index] == values[other]).all() for other in kept):
            continue
        kept.append(index)
    return kept


def non_dominated_front(iterable, key=_identity, allowequality=True):
    """Return the set of items that no other dominates; without `allowequality` one of equals."""
    items = list(iterable)
    if not items:
        return set()
    values = np.array([np.atleast_1d(key(item)) for item in items], dtype=float)
    return {items[index] for index in _front(items, _dominates(values), values, allowequality)}


def non_dominated_sort(iterable, key=_identity, allowequality=True):
    """Return a list of sets: the front, then the front of what is left, and so on."""
    return _sortByFronts(iterable, lambda items: non_dominated_front(items, key, allowequality))


def _sortByFronts(iterable, frontOf):
    left, fronts = list(iterable), []
    while left:
        front = frontOf(left)
        fronts.append(front)
        left = [item for item in left if item not in front]
    return fronts


def _constDominates(values, violations):
    feasible = violations >= 0
    both = feasible[:, None] & feasible[None]
    better = feasible[:, None] & ~feasible[None]
    less = ~feasible[:, None] & ~feasible[None] & (violations[:, None] > violations[None])
    return (both & _dominates(values)) | better | less


def const_non_dominated_front(iterable, key=_identity, allowequality=True):
    """Return the set of items that no other dominates under constraints."""
    items = list(iterable)
    if not items:
        return set()
    values = np.array([np.atleast_1d(key(item)[0]) for item in items], dtype=float)
    violations = np.array([float(np.min(key(item)[1])) for item in items])
    return {
        items[index] for index in _front(items, _constDominates(values, violations), values, allowequality)
    }


def const_non_dominated_sort(iterable, key=_identity, allowequality=True):
    """Return a list of sets: fronts under constraints."""
    return _sortByFronts(iterable, lambda items: const_non_dominated_front(items, key, allowequality))


def const_crowding_distance(individuals, fitnesses):
    """Return crowding distances from fitnesses given as (objectives, violation)."""
    return crowding_distance(individuals, [np.atleast_1d(fitness[0]) for fitness in fitnesses])


def const_number_of_feasible_pop(iterable, key=_identity, allowequality=True):
    """Return how many items are feasible."""
    return sum(float(np.min(key(item)[1])) >= 0 for item in iterable)


# PyBrain has the same front in several stages of speed; here they are one function.
_non_dominated_front_old = non_dominated_front
_non_dominated_front_fast = non_dominated_front
_non_dominated_front_merge = non_dominated_front
_non_dominated_front_arr = non_dominated_front
_non_dominated_front_merge_arr = non_dominated_front
_const_non_dominated_front_arr = const_non_dominated_front
_const_non_dominated_front_merge_arr = const_non_dominated_front
