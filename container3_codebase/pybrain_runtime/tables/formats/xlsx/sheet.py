"""The first sheet of an Excel workbook, as lines of tab-separated values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.formats.xlsx.archive import XlsxArchive

MOST_COLUMNS, MOST_ROWS = 1 << 14, 1 << 20
"""Excel's own limits."""

_LARGEST_SHEET, _LARGEST_TEXTS, _LARGEST_PART = 1 << 29, 1 << 26, 1 << 20
_MOST_TEXTS = 1_000_000
_LONGEST_TOKEN = 1 << 20
_LONGEST_CELL, _LONGEST_ROW = 1 << 15, 1 << 20
_DEEPEST, _MOST_NAMES = 64, 1_000
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


class SheetReader:
    """Reads the first sheet.

    Numbers appear as they are stored, strings are quoted where necessary, and a formula gives its stored result.

    Args:
        archive: the workbook.
        name: its name, for messages.

    Raises:
        ActivationError: the workbook is damaged, or exceeds a limit.
    """

    def __init__(self, archive: XlsxArchive, name: str) -> None:
        self._archive = archive
        self._name = name
        self._texts = _shared_texts(archive, name)

    def lines(self) -> Iterator[bytes]:
        """Yield a line for each row; missing rows are blank lines, so that line numbers are those of Excel."""
        sheet = _Sheet(self._texts, self._name)
        for block in self._archive.blocks(_first_sheet(self._archive, self._name), _LARGEST_SHEET):
            sheet.feed(block)
            yield from sheet.taken()
        sheet.feed(b"", final=True)
        yield from sheet.taken()


class _Parser:
    """Feeds expat, which may neither read entities nor wait for the end of a token without limit.

    Expat keeps every open element and every name in memory: both are limited.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._fed = 0
        self._depth = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, block: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(block, final)
        except (expat.ExpatError, ValueError) as error:
            raise self.damaged(str(error)) from None
        self._fed += len(block)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TOKEN:
            raise self.damaged("a part of its XML is too long")
        if len(self._parser.intern) > _MOST_NAMES:
            raise self.damaged(f"its XML has more than {_MOST_NAMES:,} different names")

    def damaged(self, what: str) -> ActivationError:
        return ActivationError(
            f"{self._name} is a damaged Excel workbook: {what[:200]}.",
            hint="Copy it again, or save the table as CSV in UTF-8.",
        )

    def _refuse(self, *declared: object) -> None:
        raise self.damaged("it declares a document type")

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.damaged(f"its XML has more than {_DEEPEST} levels")
        self._start(tag, attributes)

    def _close(self, tag: str) -> None:
        self._depth -= 1
        self._end(tag)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def _end(self, tag: str) -> None:
        """Handle the end of an element."""

    def _characters(self, text: str) -> None:
        """Handle text inside an element."""


class _Elements(_Parser):
    """Collects the attributes of all elements with a given name."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(name)
        self._wanted = wanted
        self.found: list[dict[str, str]] = []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(" ")[2] == self._wanted:
            self.found.append({key.rpartition(" ")[2]: value for key, value in attributes.items()})


class _Texts(_Parser):
    """Collects the shared strings of a workbook."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.found: list[str] = []
        self._parts: list[str] | None = None
        self._size = 0
        self._phonetic = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "si":
            self._size = 0
            self.found.append("")
            if len(self.found) > _MOST_TEXTS:
                raise self.damaged(f"it has more than {_MOST_TEXTS:,} strings")
        elif kind == "t" and not self._phonetic:
            self._parts = []
        elif kind == "rPh":
            self._phonetic += 1

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "t" and self._parts is not None and self.found:
            self.found[-1] += "".join(self._parts)
            self._parts = None
        elif kind == "rPh":
            self._phonetic -= 1

    def _characters(self, text: str) -> None:
        if self._parts is not None:
            self._size += len(text)
            if self._size > _LONGEST_CELL:
                raise self.damaged(f"a cell has more than {_LONGEST_CELL:,} characters")
            self._parts.append(text)


class _Sheet(_Parser):
    """Turns the cells of a sheet into lines."""

    def __init__(self, texts: list[str], name: str) -> None:
        super().__init__(name)
        self._texts = texts
        self._lines: list[bytes] = []
        self._row = 0
        self._cells: list[str] = []
        self._kind = ""
        self._column = 0
        self._value: list[str] | None = None
        self._content = ""
        self._size = 0  # of the open cell
        self._length = 0  # of the cells of the row
        self._width = 0

    def taken(self) -> list[bytes]:
        """Return the lines that are complete."""
        lines, self._lines = self._lines, []
        return lines

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "row":
            number = self._number(attributes.get("r", str(self._row + 1)), MOST_ROWS)
            if number <= self._row:
                raise self.damaged(f"its row {number} follows row {self._row}")
            self._lines.append(b"\n" * (number - self._row - 1))
            self._row, self._cells, self._length = number, [], 0
        elif kind == "c":
            self._column = self._column_of(attributes.get("r", ""))
            self._kind, self._content, self._size = attributes.get("t", "n"), "", 0
        elif kind in ("v", "t"):
            self._value = []

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(" ")[2]
        if kind in ("v", "t") and self._value is not None:
            self._content += "".join(self._value)
            self._value = None
        elif kind == "c":
            self._cells += [""] * (self._column - len(self._cells))
            text = self._text()
            self._cells.append(text)
            self._length += len(text)
            if self._length > _LONGEST_ROW:  # a string that is stored once can be in every cell
                raise self.damaged(f"its row {self._row} has more than {_LONGEST_ROW:,} characters")
        elif kind == "row":
            while self._cells and not self._cells[-1]:  # cells that were once formatted
                self._cells.pop()
            self._width = self._width or len(self._cells)
            if self._cells:  # Excel leaves out empty cells at the end of a row
                self._cells += [""] * (self._width - len(self._cells))
            self._lines.append(
                "\t".join(map(_quoted, self._cells)).encode("utf-8", "backslashreplace") + b"\n"
            )

    def _characters(self, text: str) -> None:
        if self._value is not None:
            self._size += len(text)
            if self._size > _LONGEST_CELL:
                raise self.damaged(f"a cell has more than {_LONGEST_CELL:,} characters")
            self._value.append(text)

    def _text(self) -> str:
        if self._kind == "s":
            place = self._number(self._content.strip() or "x", len(self._texts) - 1)
            return self._texts[place]
        if self._kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(self._content.strip(), self._content)
        return self._content

    def _column_of(self, reference: str) -> int:
        """Return the column of a cell, counted from 0; without a reference it is the one after the last cell."""
        if not reference:
            return len(self._cells)
        found = _REFERENCE.fullmatch(reference)
        column = 0
        for letter in found[1] if found else "":
            column = 26 * column + ord(letter) - ord("A") + 1
        if not len(self._cells) < column <= MOST_COLUMNS:
            raise self.damaged(f"it has a cell at {reference[:20]!a} in row {self._row}")
        return column - 1

    def _number(self, text: str, most: int) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 8 and int(text) <= most):
            raise self.damaged(f"it has {text[:20]!a} in place of a number up to {most}")
        return int(text)


def _quoted(cell: str) -> str:
    """Return a cell on one line, in quotes where necessary."""
    cell = " ".join(cell.splitlines()) if len(cell.splitlines()) > 1 else cell.strip("\r\n")
    return '"' + cell.replace('"', '""') + '"' if "\t" in cell or '"' in cell else cell


def _shared_texts(archive: XlsxArchive, name: str) -> list[str]:
    if not archive.has("xl/sharedStrings.xml"):
        return []
    texts = _Texts(name)
    for block in archive.blocks("xl/sharedStrings.xml", _LARGEST_TEXTS):
        texts.feed(block)
    texts.feed(b"", final=True)
    return texts.found


def _first_sheet(archive: XlsxArchive, name: str) -> str:
    """Return the path of the first sheet."""
    sheets = _all(archive, name, "xl/workbook.xml", "sheet")
    relations = _all(archive, name, "xl/_rels/workbook.xml.rels", "Relationship")
    targets = {each.get("Id", ""): each.get("Target", "") for each in relations}
    target = targets.get(sheets[0].get("id", ""), "") if sheets else ""
    path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    if not target or not archive.has(path):
        raise archive.damaged(ValueError("it has no worksheet"))
    return path


def _all(archive: XlsxArchive, name: str, part: str, wanted: str) -> list[dict[str, str]]:
    found = _Elements(name, wanted)
    for block in archive.blocks(part, _LARGEST_PART):
        found.feed(block)
    found.feed(b"", final=True)
    return found.found
