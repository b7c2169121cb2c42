"""Cells of CSV files that people open in a spreadsheet: names and strings are untrusted."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable

from evaluation.sanitize import printable

_FORMULA = ("=", "+", "-", "@", "|", "%")


def cell(text: str, longest: int = 1000) -> str:
    """Return a string in one line that no spreadsheet interprets as a formula.

    Spreadsheets skip leading blanks, and some accept full-width signs; a leading apostrophe makes any cell text.

    Args:
        text: the string, of any origin.
        longest: the maximum number of characters to keep.
    """
    plain = printable(" ".join(text.split()), longest)
    first = unicodedata.normalize("NFKC", plain.lstrip())[:1]
    return "'" + plain if first in _FORMULA and first else plain


def one_line(text: str) -> str:
    """Join the lines of a string with semicolons."""
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def to_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows of finished cells as CSV, separated by commas and quoted if necessary."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
