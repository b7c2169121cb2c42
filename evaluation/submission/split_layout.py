"""Handle a submission whose compose file is in a different folder from its containers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evaluation.layout.expected_layout import Layout
from evaluation.submission.candidates import Candidate


def join_spread(candidates: Sequence[Candidate], layout: Layout) -> tuple[Candidate, Layout] | None:
    """Return the common parent folder of the best containers and the compose file, with a layout that locates them.

    A compose file above the containers is preferred. A compose file beside them is used only if nothing else in the
    tree has containers: among several tasks, it could belong to another one.

    Args:
        candidates: the folders that may be the submission, best first.
        layout: the layout that the rubric expects.

    Returns:
        The candidate and the layout; None if the best candidate has both, or if one of the two does not exist.
    """
    best = candidates[0]
    if best.alone or (best.compose and best.roles):
        return None
    with_containers = [candidate for candidate in candidates if candidate.roles]
    if not with_containers:
        return None
    containers = with_containers[0]
    composes = [candidate for candidate in candidates if candidate.compose and not candidate.roles]
    above = [candidate for candidate in composes if _is_inside(containers.path, candidate.path)]
    beside = composes if all(_is_inside(other.path, containers.path) for other in with_containers) else []
    if containers.compose or not (above or beside):
        return None
    nearest = max(above, key=lambda candidate: len(candidate.path)) if above else beside[0]
    return _joined(containers, nearest, layout)


def _joined(containers: Candidate, compose: Candidate, layout: Layout) -> tuple[Candidate, Layout]:
    path = _common(containers.path, compose.path)
    folder, file = _relative(containers.path, path), _relative(compose.path, path)
    joined = replace(
        containers,
        path=path,
        score=containers.score + compose.score,
        compose=_below(file, compose.compose),
        reasons=(_below(file, compose.compose), *(_below(folder, reason) for reason in containers.reasons)),
    )
    found = tuple(
        replace(
            each, folders=(*each.folders, *(_below(_escaped(folder), pattern) for pattern in each.folders))
        )
        for each in layout.containers
    )
    return joined, replace(
        layout, containers=found, compose_files=(*layout.compose_files, _escaped(joined.compose))
    )


def _escaped(path: str) -> str:
    """Return a pattern that matches only this path, whose names are the student's."""
    return re.sub(r"([*?[])", r"[\1]", path)


def _is_inside(path: str, folder: str) -> bool:
    return not folder or f"{path}/".startswith(f"{folder}/")


def _common(first: str, second: str) -> str:
    parts = []
    for one, other in zip(first.split("/"), second.split("/"), strict=False):
        if one != other:
            break
        parts.append(one)
    return "/".join(parts)


def _relative(path: str, folder: str) -> str:
    return path[len(folder) + 1 :] if folder else path


def _below(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path
