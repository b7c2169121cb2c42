"""Detect truncated tables: count the rows as they arrive, or check the end."""

from __future__ import annotations

_ENDS = {
    "text/csv": b"\n",
    "application/jsonl": b"\n",
    "application/vnd.apache.parquet": b"PAR1",
}
"""The last bytes of a table, by its content type; an Arrow stream may end after any batch."""
_HEADERS = {"text/csv": 1, "application/jsonl": 0}
_LONGEST_END = 4


class TableRows:
    """Counts the rows of a table.

    Args:
        kind: the content type of the table.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lines = 0
        self._quoted = False
        self._end = b""

    def add(self, block: bytes) -> None:
        """Count the rows in the next bytes."""
        self._end = (self._end + block[-_LONGEST_END:])[-_LONGEST_END:]
        if self._kind == "application/jsonl":
            self._lines += block.count(b"\n")
        elif self._kind == "text/csv":
            for part in block.split(b'"'):
                if not self._quoted:
                    self._lines += part.count(b"\n")
                self._quoted = not self._quoted
            self._quoted = not self._quoted  # the number of parts is the number of quotes plus one

    def problem(self, expected: int | None) -> str:
        """Describe what is missing; empty if the table is complete.

        Args:
            expected: the expected number of rows; None if unknown.
        """
        if not self._end.endswith(_ENDS.get(self._kind, b"")):
            return "The prediction is incomplete: its end is missing."
        header = _HEADERS.get(self._kind)
        if expected is None or header is None or self._lines - header == expected:
            return ""
        return f"The prediction is incomplete: it has {self._lines - header} rows; expected {expected}."
