"""Sort containers by their dependencies, and find cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def ordered(edges: Mapping[str, Sequence[str]]) -> list[str] | None:
    """Return the names, each after its dependencies, otherwise in their original order; None if there is a cycle.

    Args:
        edges: the dependencies of each name; every name is a key.
    """
    found: dict[str, None] = {}
    waiting = list(edges)
    while waiting:
        ready = next((name for name in waiting if all(other in found for other in edges[name])), None)
        if ready is None:
            return None
        found[ready] = None
        waiting.remove(ready)
    return list(found)


def cycle_in(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of one cycle; the first name is repeated at the end.

    Args:
        edges: the dependencies of each name, with at least one cycle.
    """
    left = dict(edges)
    while True:
        free = [name for name, others in left.items() if not any(other in left for other in others)]
        if not free:
            break
        for name in free:
            del left[name]
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(other for other in left[path[-1]] if other in left))
    return path[path.index(path[-1]) :]
