"""The rubric: a TOML file with the checks, their points and their dependencies."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from evaluation.checks import CHECKS
from evaluation.checks.base import Check, did_you_mean
from evaluation.errors import RubricError
from evaluation.layout.layout import TASK06, Layout

DEFAULT = "task06.toml"
_TOP = ("name", "faults", "line")
# How a fault is counted that several checks fail by.
EACH, ONCE = "each", "once"
_LINE = {"title": str, "points": (int, float), "criteria": str, "check": list}
_CHECK = {"id": str, "title": str, "check": str, "points": (int, float), "needs": list, "hint": str}


@dataclass(frozen=True)
class Item:
    """One check of a rubric.

    Attributes:
        id: its name.
        title: what should hold.
        check: the function of the check.
        points: what it is worth.
        needs: the checks that must have passed.
        hint: what to tell a student; empty for what the function says.
        parameters: the parameters of the function.
    """

    id: str
    title: str
    check: Check
    points: float
    needs: tuple[str, ...] = ()
    hint: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RubricLine:
    """A line of a rubric, with its checks."""

    title: str
    criteria: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Rubric:
    """A whole rubric.

    Attributes:
        name: its name.
        sha256: the hash of its file.
        lines: what earns points.
        layout: what it expects of a submission.
        faults: each if every check that fails costs its points; once if a check that only follows from the fault of
            another one costs nothing again.
    """

    name: str
    sha256: str
    lines: tuple[RubricLine, ...]
    layout: Layout = TASK06
    faults: str = EACH

    @property
    def items(self) -> tuple[Item, ...]:
        """The checks of all lines."""
        return tuple(item for line in self.lines for item in line.items)

    @property
    def documents(self) -> tuple[str, ...]:
        """The names of the documents that its checks read."""
        named = (item.parameters.get("file") for item in self.items)
        return tuple(dict.fromkeys(name for name in named if isinstance(name, str)))


def load_rubric(path: Path | None = None) -> Rubric:
    """Read a rubric.

    Args:
        path: a TOML file; None for the task's own.

    Raises:
        RubricError: it cannot be read or used; the text names line and key.
    """
    if path is None:
        name, content = (
            DEFAULT,
            resources.files("evaluation").joinpath("rubrics", DEFAULT).read_bytes(),
        )
    else:
        name = str(path)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RubricError(f"the rubric {path} cannot be read: {error.strerror}", path=path) from error
    return read_rubric(name, content)


def read_rubric(name: str, content: bytes) -> Rubric:
    """Read the content of a rubric.

    Args:
        name: how errors name it.
        content: the file.

    Raises:
        RubricError: it cannot be used; the message names line and key.
    """
    try:
        text = content.decode("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise RubricError(f"{name} is not UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"{name}: {error}", hint="The file is not valid TOML.") from error
    return _RubricParser(name, text).rubric(data, hashlib.sha256(content).hexdigest())


class _RubricParser:
    """Parses a rubric; knows the line of each key."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.places = _places(text)
        self.containers = len(TASK06.containers)

    def wrong(self, where: tuple[int, ...], key: str, text: str, hint: str = "") -> RubricError:
        place = self.places.get((*where, key)) or self.places.get(where)
        line = f" line {place}" if place else ""
        return RubricError(f"{self.name}{line}, key `{key}`: {text}", hint=hint)

    def rubric(self, data: Mapping[str, Any], sha256: str) -> Rubric:
        self._known((), data, _TOP)
        name = self._value((), data, "name", str)
        lines = self._value((), data, "line", list)
        parsed = tuple(self._line((index,), entry) for index, entry in enumerate(lines))
        if not parsed:
            raise self.wrong(
                (), "line", "the rubric has no lines", "A rubric has [[line]]s with [[line.check]]s."
            )
        self._needs(lines)
        return Rubric(name, sha256, parsed, faults=self._faults(data))

    def _faults(self, data: Mapping[str, Any]) -> str:
        faults = self._value((), data, "faults", str) if "faults" in data else EACH
        if faults not in (EACH, ONCE):
            raise self.wrong((), "faults", f"{faults!r} is neither {EACH!r} nor {ONCE!r}")
        return str(faults)

    def _line(self, where: tuple[int, ...], entry: Any) -> RubricLine:
        if not isinstance(entry, dict):
            raise self.wrong(where, "line", "is not a [[line]]")
        self._known(where, entry, _LINE)
        title = self._value(where, entry, "title", str)
        points = self._value(where, entry, "points", (int, float))
        checks = self._value(where, entry, "check", list)
        items = tuple(self._item((*where, index), check) for index, check in enumerate(checks))
        total = sum(item.points for item in items)
        if abs(total - points) > 1e-9:
            raise self.wrong(
                where, "points", f"{title!r} has {points:g} points, but its checks add up to {total:g}"
            )
        return RubricLine(title, str(entry.get("criteria", "")), items)

    def _item(self, where: tuple[int, ...], entry: Any) -> Item:
        if not isinstance(entry, dict):
            raise self.wrong(where, "check", "is not a [[line.check]]")
        name = self._value(where, entry, "check", str)
        if name not in CHECKS:
            raise self.wrong(where, "check", f"unknown check {name!r}{did_you_mean(name, CHECKS)}")
        check = CHECKS[name]
        self._known(where, entry, {**_CHECK, **check.parameters})
        for key, kind in _CHECK.items():
            if key in entry:
                self._value(where, entry, key, kind)
        if entry.get("points", 0) < 0:
            raise self.wrong(where, "points", "a check is worth 0 points or more")
        return Item(
            self._value(where, entry, "id", str),
            self._value(where, entry, "title", str),
            check,
            self._value(where, entry, "points", (int, float)),
            tuple(entry.get("needs", ())),
            str(entry.get("hint", "")),
            self._parameters(where, entry, check),
        )

    def _parameters(self, where: tuple[int, ...], entry: Mapping[str, Any], check: Check) -> dict[str, Any]:
        values = {}
        for key, parameter in check.parameters.items():
            if key in entry or parameter.required:
                values[key] = self._value(where, entry, key, parameter.kind)
                if key == "container" and values[key] > self.containers:
                    raise self.wrong(
                        where, key, f"the layout has {self.containers} containers, got {values[key]}"
                    )
                for rule in parameter.rules:
                    if error := rule(values[key]):
                        raise self.wrong(where, key, error)
        return values

    def _needs(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Check that each need names a check above it, so that there is no cycle."""
        above: list[str] = []
        ids = [check["id"] for line in lines for check in line["check"]]
        for number, line in enumerate(lines):
            for place, check in enumerate(line["check"]):
                where = (number, place)
                if check["id"] in above:
                    raise self.wrong(where, "id", f"{check['id']!r} is used twice")
                for need in check.get("needs", ()):
                    if need not in ids:
                        raise self.wrong(
                            where, "needs", f"unknown check {need!r}{did_you_mean(str(need), ids)}"
                        )
                    if need not in above:
                        raise self.wrong(
                            where,
                            "needs",
                            f"{need!r} is defined below; a check can only need checks above it",
                        )
                above.append(check["id"])

    def _known(self, where: tuple[int, ...], entry: Mapping[str, Any], keys: Iterable[str]) -> None:
        known = list(keys)
        for key in entry:
            if key not in known:
                raise self.wrong(where, key, f"unknown key{did_you_mean(key, known)}")

    def _value(self, where: tuple[int, ...], entry: Mapping[str, Any], key: str, kind: Any) -> Any:
        if key not in entry:
            raise self.wrong(where, key, "is missing")
        value = entry[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            names = {str: "a text", int: "a number", float: "a number", list: "a list"}
            expected = " or ".join(dict.fromkeys(names[type_] for type_ in kinds))
            raise self.wrong(where, key, f"{value!r} is not {expected}")
        return value


def _places(text: str) -> dict[tuple[Any, ...], int]:
    """Return the line of every table and key; TOML readers keep none."""
    places: dict[tuple[Any, ...], int] = {}
    where: tuple[int, ...] = ()
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:  # a text over several lines
            inside = "" if inside in line else inside
            continue
        if re.match(r"\s*\[\[\s*line\s*\]\]", line):
            where = (where[0] + 1 if where else 0,)
            places[where] = number
        elif re.match(r"\s*\[\[\s*line\s*\.\s*check\s*\]\]", line) and where:
            where = (where[0], where[1] + 1 if len(where) > 1 else 0)
            places[where] = number
        elif match := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=(.*)", line):
            places.setdefault((*where, match.group(1)), number)
            for quotes in ('"""', "'''"):
                inside = quotes if match.group(2).count(quotes) == 1 else inside
    return places
