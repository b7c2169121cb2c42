"""The order of the containers, and the final one, whose exit ends the stack."""

from __future__ import annotations

from dataclasses import replace

from pipeline.compose.building.container import Draft
from pipeline.compose.checks.graph import cycle_in, ordered
from pipeline.compose.findings import Findings, shown
from pipeline.compose.request import ComposeRequest

_CONDITIONS = (None, "service_started", "service_healthy", "service_completed_successfully")
_RANKS = {"code": 0, "other": 1, "model": 2, "data": 3}


def in_order(drafts: list[Draft], request: ComposeRequest, findings: Findings) -> list[Draft]:
    """Return the containers in the order in which they start, with the final one last.

    Args:
        drafts: the containers, in the order of the request.
        request: the request, whose `execution.execution_order` applies.
        findings: collects duplicates, unknown names and cycles.
    """
    by_name: dict[str, Draft] = {}
    # Host names, and the folders of a bundle, may be case-insensitive.
    folded: dict[str, Draft] = {}
    for draft in drafts:
        by_name.setdefault(draft.service.name, draft)
        other = folded.setdefault(draft.service.name.lower(), draft)
        if other is not draft:
            findings.refuse(
                f"{draft.path}.name",
                f"{shown(draft.service.name)} is already the name of {other.path}",
                "Choose another name.",
            )
    edges = {name: _edges_of(draft, by_name, findings) for name, draft in by_name.items()}
    _add_execution_order(edges, drafts, request, findings)
    names = ordered(edges)
    if names is None:
        circle = cycle_in(edges)
        findings.refuse(
            f"{by_name[circle[0]].path}.depends_on",
            f"the containers wait for each other: {' -> '.join(circle)}",
            "Remove one of these dependencies.",
        )
        return drafts
    return _with_final(names, edges, by_name, findings) if names else drafts


def _edges_of(draft: Draft, by_name: dict[str, Draft], findings: Findings) -> list[str]:
    given = draft.container.depends_on
    if isinstance(given, dict):
        for name, condition in given.items():
            if condition is not None and condition.condition not in _CONDITIONS:
                findings.refuse(
                    f"{draft.path}.depends_on.{name}",
                    f"{shown(str(condition.condition))} is not a valid condition",
                    f"Use {', '.join(filter(None, _CONDITIONS))}.",
                )
    found = []
    for name, place in sorted(
        draft.needs.items(), key=lambda item: list(by_name).index(item[0]) if item[0] in by_name else -1
    ):
        if name not in by_name:
            findings.refuse(
                place,
                f"there is no container {shown(name)}",
                f"The containers are: {', '.join(by_name)}"[:300],
            )
        elif name == draft.service.name:
            findings.refuse(place, "a container cannot wait for itself", "Remove the dependency.")
        else:
            found.append(name)
    return found


def _add_execution_order(
    edges: dict[str, list[str]], drafts: list[Draft], request: ComposeRequest, findings: Findings
) -> None:
    """Add dependencies on containers with smaller numbers; in a sequential order, on the previous container."""
    word = request.execution.execution_order if request.execution else None
    word = word.lower() if word else None
    if word not in (None, "sequential", "parallel"):
        findings.refuse(
            "execution.execution_order",
            f"{shown(word or '')} is not a valid execution order",
            "Write sequential or parallel.",
        )
    for index, draft in enumerate(drafts):
        own = edges[draft.service.name]
        is_sequential = str(draft.container.execution_order).lower() == "sequential" or (
            word == "sequential" and draft.container.execution_order is None
        )
        earlier = [drafts[index - 1]] if is_sequential and index else []
        if draft.order is not None:
            earlier += [other for other in drafts if other.order is not None and other.order < draft.order]
        for other in earlier:
            if other.service.name not in (*own, draft.service.name):
                own.append(other.service.name)


def _with_final(
    names: list[str], edges: dict[str, list[str]], by_name: dict[str, Draft], findings: Findings
) -> list[Draft]:
    needed = {other for others in edges.values() for other in others}
    ends = [name for name in by_name if name not in needed]
    best = min(_RANKS[by_name[name].service.role] for name in ends)
    final = [name for name in ends if _RANKS[by_name[name].service.role] == best][-1]
    for name in ends:
        if name == final:
            continue
        edges[final].append(name)
        if by_name[name].service.role in ("code", "other"):
            findings.warn(
                f"{by_name[final].path}.depends_on",
                f"{final} also waits for {name}, because the stack ends when {final} exits",
            )
    found = []
    for name in [*(other for other in names if other != final), final]:
        draft = by_name[name]
        waits = draft.service.role == "code" or _must_complete(name, by_name)
        draft.service = replace(
            draft.service,
            depends_on=tuple(other for other in names if other in edges[name]),
            is_final=name == final,
            waits_for_command=waits and name != final,
        )
        found.append(draft)
    return found


def _must_complete(name: str, by_name: dict[str, Draft]) -> bool:
    """Return whether a container depends on the completion of `name`."""
    for draft in by_name.values():
        given = draft.container.depends_on
        condition = given.get(name) if isinstance(given, dict) else None
        if condition is not None and condition.condition == "service_completed_successfully":
            return True
    return False
