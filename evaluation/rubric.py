"""Read rubrics: TOML files with the checks, their points and their dependencies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from evaluation import toml_file
from evaluation.checks import CHECKS
from evaluation.checks.base import Check
from evaluation.errors import RubricError
from evaluation.layout.expected_layout import TASK06, Layout
from evaluation.rubric_format.key_lines import Where
from evaluation.rubric_format.layout_table import read_layout
from evaluation.rubric_format.similar_names import did_you_mean
from evaluation.rubric_format.tables import Tables
from evaluation.sanitize import printable
from evaluation.toml_file import TomlError

DEFAULT = "task06.toml"
_TOP = ("name", "faults", "layout", "line")
# How often a fault is counted that makes several checks fail.
EACH, ONCE = "each", "once"
_LINE = {"title": str, "points": (int, float), "criteria": str, "check": list}
_CHECK = {"id": str, "title": str, "check": str, "points": (int, float), "needs": list, "hint": str}


@dataclass(frozen=True)
class Item:
    """One check of a rubric.

    Attributes:
        id: its name.
        title: the requirement, as a sentence.
        check: the name of the check function.
        points: the points that it is worth.
        needs: the ids of the checks that must have passed.
        hint: the hint for a student; empty for that of the check function.
        parameters: the parameters of the check function.
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
    """A line of a rubric with its checks."""

    title: str
    criteria: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Rubric:
    """A whole rubric.

    Attributes:
        name: its name.
        sha256: hash of its file.
        lines: the lines, which earn points.
        layout: the folders, files, images and services that it expects.
        faults: each if every failed check costs its points; once if a check that fails only as a consequence of
            another fault costs no points.
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
        """The names of the documents that the checks read."""
        named = (item.parameters.get("file") for item in self.items)
        return tuple(dict.fromkeys(name for name in named if isinstance(name, str)))


def load_rubric(path: Path | None = None) -> Rubric:
    """Read a rubric.

    Args:
        path: a TOML file, or the name of a rubric that is included (see `shipped_rubrics`); None for the rubric of the
            task.

    Raises:
        RubricError: the rubric cannot be read or is invalid; the message names line and key.
    """
    if path is None:
        return _shipped(DEFAULT)
    if not path.exists() and len(path.parts) == 1 and path.suffix in ("", ".toml"):
        if path.stem not in shipped_rubrics():
            text = f"the rubric {path} cannot be read: there is no such file, and no included rubric has this name"
            raise RubricError(text + did_you_mean(path.stem, shipped_rubrics()), path=path)
        return _shipped(f"{path.stem}.toml")
    try:
        content = toml_file.read_bytes(path)
    except OSError as error:
        raise RubricError(f"the rubric {path} cannot be read: {error.strerror}", path=path) from error
    except TomlError as error:
        raise RubricError(f"the rubric {path} cannot be read: {error}", path=path) from error
    return read_rubric(str(path), content)


def shipped_rubrics() -> tuple[str, ...]:
    """Return the names of the included rubrics."""
    files = resources.files("evaluation").joinpath("rubrics").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def _shipped(name: str) -> Rubric:
    return read_rubric(name, resources.files("evaluation").joinpath("rubrics", name).read_bytes())


def read_rubric(name: str, content: bytes) -> Rubric:
    """Parse the content of a rubric.

    Args:
        name: the name of the rubric in error messages.
        content: the content of the file.

    Raises:
        RubricError: the rubric is invalid; the message names line and key.
    """
    try:
        text = content.decode("utf-8")
        data = toml_file.parse(text)
    except UnicodeDecodeError as error:
        raise RubricError(f"{name} is not UTF-8 (byte {error.start})") from error
    except TomlError as error:
        raise RubricError(f"{name}: {error}", hint="The file is not valid TOML.") from error
    return _RubricParser(name, text).rubric(data, hashlib.sha256(content).hexdigest())


class _RubricParser:
    """Parses a rubric.

    Args:
        name: the name of the rubric in error messages.
        text: the content of the rubric.
    """

    def __init__(self, name: str, text: str) -> None:
        self.tables = Tables(name, text)
        self.layout = TASK06

    def rubric(self, data: Mapping[str, Any], sha256: str) -> Rubric:
        self.tables.table((), "rubric", data, _TOP)
        name = self.tables.label((), data, "name")
        self.layout = read_layout(self.tables, data.get("layout"))
        lines = self.tables.value((), data, "line", list)
        parsed = tuple(self._line((index,), entry) for index, entry in enumerate(lines))
        self._titles(parsed)
        if not parsed:
            raise self.tables.wrong(
                (), "line", "the rubric has no lines", "Add a [[line]] with at least one [[line.check]]."
            )
        self._needs(lines)
        return Rubric(name, sha256, parsed, self.layout, self._faults(data))

    def _titles(self, lines: tuple[RubricLine, ...]) -> None:
        """Raise an error if two lines have the same title, which identifies them in gradebooks and tutor notes."""
        titles = [line.title for line in lines]
        for index, title in enumerate(titles):
            if title in titles[:index]:
                raise self.tables.wrong((index,), "title", f"{title!r} is used twice")

    def _faults(self, data: Mapping[str, Any]) -> str:
        faults = self.tables.value((), data, "faults", str) if "faults" in data else EACH
        if faults not in (EACH, ONCE):
            raise self.tables.wrong((), "faults", f"expected {EACH!r} or {ONCE!r}, got {faults!r}")
        return str(faults)

    def _line(self, where: Where, entry: object) -> RubricLine:
        entry = self.tables.table(where, "line", entry, _LINE)
        title = self.tables.label(where, entry, "title")
        points = self.tables.value(where, entry, "points", (int, float))
        checks = self.tables.value(where, entry, "check", list)
        items = tuple(self._item((*where, index), check) for index, check in enumerate(checks))
        total = sum(item.points for item in items)
        if abs(total - points) > 1e-9:
            raise self.tables.wrong(
                where, "points", f"{title!r} has {points:g} points, but its checks add up to {total:g}"
            )
        criteria = printable(" ".join(str(entry.get("criteria", "")).split()))
        return RubricLine(title, criteria, items)

    def _item(self, where: Where, entry: object) -> Item:
        if not isinstance(entry, dict):
            raise self.tables.wrong(where, "check", "is not a [[line.check]]")
        name = self.tables.value(where, entry, "check", str)
        if name not in CHECKS:
            raise self.tables.wrong(where, "check", f"unknown check {name!r}{did_you_mean(name, CHECKS)}")
        check = CHECKS[name]
        self.tables.table(where, "line.check", entry, {**_CHECK, **check.parameters})
        for key, kind in _CHECK.items():
            if key in entry:
                self.tables.value(where, entry, key, kind)
        if entry.get("points", 0) < 0:
            raise self.tables.wrong(where, "points", "the points of a check must not be negative")
        return Item(
            self.tables.label(where, entry, "id"),
            self.tables.label(where, entry, "title"),
            check,
            self.tables.value(where, entry, "points", (int, float)),
            tuple(entry.get("needs", ())),
            str(entry.get("hint", "")),
            self._parameters(where, entry, check),
        )

    def _parameters(self, where: Where, entry: Mapping[str, Any], check: Check) -> dict[str, Any]:
        values = {}
        for key, parameter in check.parameters.items():
            if key in entry or parameter.required:
                values[key] = self.tables.value(where, entry, key, parameter.kind)
                for rule in parameter.rules:
                    if error := rule(values[key]):
                        raise self.tables.wrong(where, key, error)
        count = len(self.layout.containers)
        if values.get("container", 0) > count:
            raise self.tables.wrong(
                where, "container", f"the layout has {count} containers, got {values['container']}"
            )
        return values

    def _needs(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Check that each entry of ``needs`` names an earlier check, so that there are no cycles."""
        above: list[str] = []
        ids = [check["id"] for line in lines for check in line["check"]]
        for number, line in enumerate(lines):
            for place, check in enumerate(line["check"]):
                where = (number, place)
                if check["id"] in above:
                    raise self.tables.wrong(where, "id", f"{check['id']!r} is used twice")
                for need in check.get("needs", ()):
                    if need not in ids:
                        raise self.tables.wrong(
                            where, "needs", f"unknown check {need!r}{did_you_mean(str(need), ids)}"
                        )
                    if need not in above:
                        raise self.tables.wrong(
                            where,
                            "needs",
                            f"{need!r} is defined later; a check can only need earlier checks",
                        )
                above.append(check["id"])
