"""Lines of a text file, numbered as in an editor, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.signatures import UTF8_BOM, ZIP

LINE_LIMIT = 1 << 20
_OTHER_FORMATS = (
    (b"\xff\xfe", "is UTF-16 text"),
    (b"\xfe\xff", "is UTF-16 text"),
    (ZIP, "is a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook"),
    (b"\x80\x02}", "is a pickle"),
    (b"\x80\x02c", "is a pickle"),
    (b"\x80\x03", "is a pickle"),
    (b"\x80\x04\x95", "is a pickle"),
    (b"\x80\x05\x95", "is a pickle"),
    (b"ccopy_reg\n", "is a pickle"),
)


class LineChunk:
    """Consecutive lines.

    Attributes:
        number: number of the first line.
        content: the lines with their line endings; the last line of a file may lack one.
        end: number of bytes of the decompressed file, without a byte order mark, up to the end of this chunk.
    """

    __slots__ = ("content", "end", "number")

    def __init__(self, number: int, content: bytes, end: int) -> None:
        self.number = number
        self.content = content
        self.end = end

    def split(self) -> list[bytes]:
        """Return the lines without line endings."""
        return self.content.splitlines()

    def after(self, lines: int) -> LineChunk:
        """Return the chunk without its first ``lines`` lines."""
        kept = self.content.splitlines(keepends=True)
        return LineChunk(self.number + lines, b"".join(kept[lines:]), self.end)


class LineReader:
    """Splits a file into chunks of whole lines. LF, CRLF and CR end a line; a byte order mark is skipped.

    Args:
        blocks: the content of the file.
        name: its name, for messages.
        limit: maximum number of bytes in a line.
    """

    def __init__(self, blocks: Iterable[bytes], name: str, limit: int = LINE_LIMIT) -> None:
        self._blocks = blocks
        self._name = name
        self._limit = limit

    def chunks(self) -> Iterator[LineChunk]:
        """Yield the lines in chunks, whose boundaries depend only on the content.

        Raises:
            ActivationError: a line is longer than the limit, or the file is not text.
        """
        number, rest, fresh, end = 1, b"", True, 0
        for block in self._blocks:
            if fresh:
                block, fresh = self._start(block), False
            self._check(number, rest, block)
            data = rest + block
            # A CR at the very end may be the first half of a CRLF.
            cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
            content, rest = data[:cut], data[cut:]
            if content:
                end += cut
                yield LineChunk(number, content, end)
                number += _count(content)
            if len(rest) > self._limit:
                raise self._too_long(number)
        if rest:
            yield LineChunk(number, rest, end + len(rest))

    def _start(self, block: bytes) -> bytes:
        """Return the first block without its byte order mark; raise an error if it is not text."""
        for signature, what in _OTHER_FORMATS:
            if block.startswith(signature):
                raise ActivationError(
                    f"{self._name} {what}, not a CSV file in UTF-8.",
                    hint="Save the table as CSV in UTF-8.",
                )
        return block.removeprefix(UTF8_BOM)

    def _check(self, number: int, rest: bytes, block: bytes) -> None:
        if len(rest) + len(block) > self._limit:
            first = min((place for mark in b"\n\r" if (place := block.find(mark)) >= 0), default=len(block))
            if len(rest) + first > self._limit:
                raise self._too_long(number)
        if b"\0" in block:
            before = rest + block[: block.index(b"\0")]
            line = number + len((before + b"x").splitlines()) - 1
            raise ActivationError(
                f"{self._name} line {line} holds a NUL byte; it is not a text file.",
                hint="Save the table as CSV in UTF-8.",
                line=line,
            )

    def _too_long(self, line: int) -> ActivationError:
        return ActivationError(
            f"{self._name} line {line} exceeds the limit of {self._limit:,} bytes for a line.",
            hint="One line holds one row. Check that this is the right file.",
            line=line,
        )


def _count(content: bytes) -> int:
    """Return the number of line endings."""
    if b"\r" not in content:
        return content.count(b"\n")
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
