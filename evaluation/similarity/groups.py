"""Find groups of equal or similar submissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from evaluation.similarity.fingerprint import Fingerprint, share

WHOLE = "submission"
# Minimum number of submissions for which it makes sense to ask what most of a class have in common.
_CLASS = 10
# Minimum common share of two similar files; models are equal or not. The answers of a discussion are below the same
# questions, and programs for one task have much in common.
_ALIKE = {"program": 0.75, "discussion": 0.7}


@dataclass(frozen=True)
class Compared:
    """The properties by which a submission is compared with others.

    Attributes:
        name: the name of the submission.
        student: identifies the student, whose attempts are not compared with each other; empty if unknown.
        sha256: hash of all its files.
        fingerprints: the fingerprints of its parts.
    """

    name: str
    student: str
    sha256: str
    fingerprints: tuple[Fingerprint, ...] = ()


@dataclass(frozen=True)
class Group:
    """Submissions of different students that are equal or similar in one respect.

    Attributes:
        kind: submission, model, program or discussion.
        names: the names of the submissions, sorted.
        share: the lowest share of two similar submissions; 1 if all are equal.
    """

    kind: str
    names: tuple[str, ...]
    share: float

    @property
    def text(self) -> str:
        """A description of what the submissions have in common."""
        if self.share < 1:
            return f"{self.kind} at least {self.share:.0%} alike"
        return f"the same {self.kind}{' after renaming' if self.kind == 'program' else ''}"


@dataclass(frozen=True)
class Hint:
    """A hint about what one submission has in common with others.

    Attributes:
        what: a description of what they have in common.
        others: the names of the other submissions.
    """

    what: str
    others: tuple[str, ...]

    @property
    def short(self) -> str:
        """The hint without names."""
        return f"{self.what}: {len(self.others)} other{'s' if len(self.others) > 1 else ''}"

    @property
    def text(self) -> str:
        """The hint with the names of the first other submissions."""
        more = f" and {len(self.others) - 3} more" if len(self.others) > 3 else ""
        return f"{self.what} ({', '.join(self.others[:3])}{more})"


def find_groups(submissions: Sequence[Compared]) -> tuple[Group, ...]:
    """Return the groups, the largest first.

    Args:
        submissions: the submissions of a class; attempts of one student are not compared with each other.
    """
    whole = _Links()
    for one, other in _pairs(submissions):
        if one.sha256 and one.sha256 == other.sha256:
            whole.add(one.name, other.name, 1.0)
    groups = whole.groups(WHOLE)
    same = {name: group for group in groups for name in group.names}
    for kind in ("model", "program", "discussion"):
        links = _Links()
        parts = {one.name: [part for part in one.fingerprints if part.kind == kind] for one in submissions}
        for one, other in _pairs(submissions):
            alike = max((_share(a, b) for a in parts[one.name] for b in parts[other.name]), default=0.0)
            if alike >= _ALIKE.get(kind, 1.0):
                links.add(one.name, other.name, alike)
        groups += [group for group in links.groups(kind) if not _inside(group, same)]
    return tuple(sorted(groups, key=lambda group: (-len(group.names), group.kind, group.names)))


def hints_of(groups: Iterable[Group], size: int = 0) -> dict[str, tuple[Hint, ...]]:
    """Return the hints about each submission, by name.

    A model, program or discussion that most of a class have in common may have been handed out, so it is not a hint
    about a single submission.

    Args:
        groups: all groups of a class.
        size: the number of submissions in the class.
    """
    hints: dict[str, tuple[Hint, ...]] = {}
    for group in groups:
        if group.kind != WHOLE and size >= _CLASS and len(group.names) > size / 2:
            continue
        for name in group.names:
            others = tuple(other for other in group.names if other != name)
            hints[name] = (*hints.get(name, ()), Hint(group.text, others))
    return hints


def _pairs(submissions: Sequence[Compared]) -> Iterable[tuple[Compared, Compared]]:
    for one, other in combinations(submissions, 2):
        if not one.student or one.student != other.student:
            yield one, other


def _share(one: Fingerprint, other: Fingerprint) -> float:
    return 1.0 if one.sha256 == other.sha256 else min(share(one.sketch, other.sketch), 0.99)


def _inside(group: Group, same: Mapping[str, Group]) -> bool:
    """Return whether all members of a group are the same submission, so that the group adds no information."""
    whole = same.get(group.names[0])
    return whole is not None and set(group.names) <= set(whole.names)


class _Links:
    """Pairs of similar submissions, and the groups that they form."""

    def __init__(self) -> None:
        self._root: dict[str, str] = {}
        self._shares: list[tuple[str, float]] = []

    def add(self, one: str, other: str, alike: float) -> None:
        self._root[self._find(one)] = self._find(other)
        self._shares.append((one, alike))

    def _find(self, name: str) -> str:
        self._root.setdefault(name, name)
        while self._root[name] != name:
            name = self._root[name]
        return name

    def groups(self, kind: str) -> list[Group]:
        members: dict[str, list[str]] = {}
        for name in self._root:
            members.setdefault(self._find(name), []).append(name)
        lowest: dict[str, float] = {}
        for name, alike in self._shares:
            root = self._find(name)
            lowest[root] = min(alike, lowest.get(root, 1.0))
        return [Group(kind, tuple(sorted(names)), lowest[root]) for root, names in members.items()]
