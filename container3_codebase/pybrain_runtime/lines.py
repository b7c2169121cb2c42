"""Lines of a text file, counted as an editor counts them, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

from .errors import ActivationError
from .files import InputFile

LINE_LIMIT = 1 << 20
_BOM = b"\xef\xbb\xbf"
_OTHER_KINDS = (
    (b"\xff\xfe", "is UTF-16 text"),
    (b"\xfe\xff", "is UTF-16 text"),
    (b"PK\x03\x04", "is a zip archive or an Excel workbook"),
    (b"\x1f\x8b", "is a gzip archive"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook"),
    (b"PAR1", "is a Parquet file"),
    (b"\x80\x02}", "is a pickle"),
    (b"\x80\x02c", "is a pickle"),
    (b"\x80\x03", "is a pickle"),
    (b"\x80\x04\x95", "is a pickle"),
    (b"\x80\x05\x95", "is a pickle"),
    (b"ccopy_reg\n", "is a pickle"),
)


class LineReader:
    """Cuts a file into lines. LF, CRLF and a lone CR end a line; a byte order mark is skipped.

    Args:
        file: an open file, not yet read.
        limit: bytes in one line.
    """

    def __init__(self, file: InputFile, limit: int = LINE_LIMIT) -> None:
        self._file = file
        self._limit = limit

    def batches(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yields lines, many at once, with the number of the first one.

        Raises:
            ActivationError: a line is longer than the limit, or the file is not text.
        """
        number, rest, fresh = 1, b"", True
        for block in self._file.blocks():
            if fresh:
                block, fresh = self._start(block), False
            data = rest + block
            # A CR at the very end may be the first half of a CRLF.
            cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
            lines, rest = data[:cut].splitlines(), data[cut:]
            self._check(number, lines[:1] if lines else [rest], data)
            if lines:
                yield number, lines
                number += len(lines)
            if len(rest) > self._limit:
                raise self._too_long(number)
        if rest:
            yield number, rest.splitlines()

    def _start(self, block: bytes) -> bytes:
        for mark, what in _OTHER_KINDS:
            if block.startswith(mark):
                raise ActivationError(
                    f"{self._file.name} {what}, not a CSV file in UTF-8.",
                    hint="Save the table as CSV in UTF-8.",
                )
        return block.removeprefix(_BOM)

    def _check(self, number: int, first: list[bytes], data: bytes) -> None:
        if first and len(first[0]) > self._limit:
            raise self._too_long(number)
        if b"\0" in data:
            before = data[: data.index(b"\0")]
            line = number + len((before + b"x").splitlines()) - 1
            raise ActivationError(
                f"{self._file.name} line {line} holds a NUL byte; it is not a text file.",
                hint="Save the table as CSV in UTF-8.",
                line=line,
            )

    def _too_long(self, line: int) -> ActivationError:
        return ActivationError(
            f"{self._file.name} line {line} is longer than {self._limit:,} bytes, the limit.",
            hint="One line holds one row. Check that the file is the table that it should be.",
            line=line,
            limit=self._limit,
        )
