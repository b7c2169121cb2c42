"""Read the tutor's notes: the file ``tutor.toml`` beside the reports of a submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation import toml_file
from evaluation.errors import TutorError
from evaluation.marks import Late, Mark
from evaluation.result import Report, show
from evaluation.rubric_format.tables import LARGEST_NUMBER, shown
from evaluation.toml_file import TomlError

FILE = "tutor.toml"
_TOP = ("comment", "late", "line", "check")
_MARK = {"points": (int, float), "comment": str}
_LATE = {"points": (int, float), "percent": (int, float), "days": (int, float), "comment": str}


@dataclass(frozen=True)
class TutorNotes:
    """The tutor's notes on one submission.

    Attributes:
        comment: a comment on the whole submission.
        late: the deduction for lateness; None if there is none.
        lines: marks for lines of the rubric, by title.
        checks: marks for checks, by id.
    """

    comment: str = ""
    late: Late | None = None
    lines: Mapping[str, Mark] = field(default_factory=dict)
    checks: Mapping[str, Mark] = field(default_factory=dict)


def read_notes(path: Path, report: Report) -> TutorNotes:
    """Read a file of notes and validate it against the report.

    Args:
        path: the path of the file; if it does not exist, there are no notes.
        report: the report to which the notes refer.

    Raises:
        TutorError: the file is invalid; the message names file and key.
    """
    try:
        content = toml_file.read_bytes(path)
    except FileNotFoundError:
        return TutorNotes()
    except OSError as error:
        raise TutorError(f"{path} cannot be read: {error.strerror}") from error
    except TomlError as error:
        raise TutorError(f"{path} cannot be read: {error}") from error
    try:
        return _Reader(path, report).notes(toml_file.parse(content.decode("utf-8-sig")))
    except (UnicodeDecodeError, TomlError) as error:
        raise TutorError(
            f"{path}: {error}", hint="The file must be TOML in UTF-8; strings must be quoted."
        ) from error


class _Reader:
    """Reads and validates the notes on one report.

    Args:
        path: the path of the file.
        report: the report to which the notes refer.
    """

    def __init__(self, path: Path, report: Report) -> None:
        self.path = path
        self.report = report

    def wrong(self, key: str, text: str) -> TutorError:
        return TutorError(
            f"{self.path}, `{key}`: {text}",
            hint="The comments at the top of the file explain the possible keys.",
        )

    def notes(self, data: Mapping[str, Any]) -> TutorNotes:
        self._known("", data, _TOP)
        lines = {line.title: line.of for line in self.report.lines}
        checks = {result.id: result.of for result in self.report.results}
        return TutorNotes(
            self._value("comment", data.get("comment", ""), str).strip(),
            self._late(self._table("late", data.get("late", {}))),
            self._marks("line", self._table("line", data.get("line", {})), lines),
            self._marks("check", self._table("check", data.get("check", {})), checks),
        )

    def _marks(self, kind: str, tables: Mapping[str, Any], of: Mapping[str, float]) -> dict[str, Mark]:
        marks = {}
        for name, table in tables.items():
            where = f'{kind}."{name}"'
            if name not in of:
                raise self.wrong(where, f"the rubric has no such {kind}; it has: {', '.join(of)}")
            self._known(where, self._table(where, table), _MARK)
            points = None
            if "points" in table:
                points = self._number(f"{where}.points", table["points"])
                if points > of[name]:
                    raise self.wrong(
                        f"{where}.points",
                        f"{show(points)} is more than the {show(of[name])} points of this {kind}",
                    )
            comment = self._value(f"{where}.comment", table.get("comment", ""), str).strip()
            if points is not None or comment:
                marks[name] = Mark(points, comment)
        return marks

    def _late(self, table: Mapping[str, Any]) -> Late | None:
        self._known("late", table, _LATE)
        if not table:
            return None
        if ("points" in table) == ("percent" in table):
            raise self.wrong("late", "specify either points or percent")
        days = self._number("late.days", table["days"]) if "days" in table else None
        comment = self._value("late.comment", table.get("comment", ""), str).strip()
        if "points" in table:
            each = self._number("late.points", table["points"])
            unit = f"{show(each)} points"
        else:
            percent = self._number("late.percent", table["percent"])
            each = percent / 100 * self.report.of
            unit = f"{show(percent)} % of the {show(self.report.of)} points"
        text = unit if days is None else f"{show(days)} day{'s' if days != 1 else ''}, {unit} for each"
        return Late(each * (1.0 if days is None else days), f"{text}; {comment}" if comment else text)

    def _number(self, key: str, value: object) -> float:
        number = self._value(key, value, (int, float))
        if not 0 <= number <= LARGEST_NUMBER:
            raise self.wrong(key, f"{shown(value)} is not a number from 0 to {LARGEST_NUMBER:,}")
        return float(number)

    def _table(self, key: str, value: Any) -> Mapping[str, Any]:
        table: Mapping[str, Any] = self._value(key, value, dict)
        return table

    def _value(self, key: str, value: Any, kind: Any) -> Any:
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(
                key,
                f"{shown(value)} is not {'a string' if kind is str else 'a table' if kind is dict else 'a number'}",
            )
        return value

    def _known(
        self, where: str, table: Mapping[str, Any], known: Mapping[str, Any] | tuple[str, ...]
    ) -> None:
        for key in table:
            if key not in known:
                name = f"{where}.{key}" if where else key
                raise self.wrong(name, f"unknown key; expected one of: {', '.join(known)}")
