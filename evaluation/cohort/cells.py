"""Cells of CSV files that people open in a spreadsheet: names and texts come from outside."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable

from evaluation.sanitize import printable

_FORMULA = ("=", "+", "-", "@", "|", "%")


def cell(text: str, longest: int = 1000) -> str:
    """Return a text in one line that no spreadsheet takes for a formula.

    A spreadsheet looks past blanks, and full-width signs count for some; a leading apostrophe makes any cell a text.

    Args:
        text: the text, of any origin.
        longest: how many characters are kept.
    """
    plain = printable(" ".join(text.split()), longest)
    first = unicodedata.normalize("NFKC", plain.lstrip())[:1]
    return "'" + plain if first in _FORMULA and first else plain


def one_line(text: str) -> str:
    """Return the lines of a text in one, with semicolons between them."""
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def to_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows of finished cells as CSV: UTF-8, commas, quotes where they are needed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
