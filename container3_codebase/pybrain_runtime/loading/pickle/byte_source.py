"""The bytes of a pickle: a position, and what can be read from it within the limits."""

from __future__ import annotations

from pybrain_runtime.errors import KnowledgeError, LimitExceeded, MalformedKnowledge
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget

LINE_LIMIT = 4096
"""Longest line of protocol 0 that is not text, in bytes."""

SHORT = 4_096
"""Longest text, in bytes, for which an additional copy is acceptable."""


class ByteSource:
    """Reads bytes, numbers and lines one after another.

    Args:
        data: the whole file. A protocol 0 pickle in which all lines end in CRLF is read as if they ended in LF.
        name: its name, for messages.
        limits: the limits of reading.
        budget: what is left of the limits.

    Attributes:
        data: the whole file.
        position: offset of the next byte.
    """

    def __init__(self, data: bytes, name: str, limits: Limits, budget: Budget) -> None:
        self.data = _with_unix_line_ends(data, budget)
        self.name = name
        self.limits = limits
        self.budget = budget
        self.position = 0

    def take(self, size: int) -> bytes:
        """Read bytes.

        Raises:
            MalformedKnowledge: the file ends first.
        """
        start, end = self.position, self.position + size
        if end > len(self.data):
            raise self.truncated()
        self.position = end
        return self.data[start:end]

    def view(self, size: int) -> memoryview:
        """Read bytes without copying them."""
        start, end = self.position, self.position + size
        if end > len(self.data):
            raise self.truncated()
        self.position = end
        return memoryview(self.data)[start:end]

    def number(self, size: int) -> int:
        """Read an unsigned integer of ``size`` bytes."""
        return int.from_bytes(self.take(size), "little")

    def length(self, width: int) -> int:
        """Read the length of a string, an unsigned integer of ``width`` bytes.

        Raises:
            LimitExceeded: the length exceeds the limit.
        """
        size = self.number(width)
        if size > self.limits.string_length:
            raise self.limit_exceeded("bytes in one string", self.limits.string_length)
        return size

    def line(self, limit: int = LINE_LIMIT) -> bytes:
        """Read a line of at most ``limit`` bytes, without its line ending."""
        end = self.data.find(b"\n", self.position, self.position + limit + 1)
        if end < 0:
            raise self._without_end(limit)
        start, self.position = self.position, end + 1
        return self.data[start:end]

    def long_line(self) -> bytes | memoryview:
        """Read a line as long as a string may be, without its line ending; a long one is not copied."""
        limit = self.limits.string_length
        end = self.data.find(b"\n", self.position, self.position + limit + 1)
        if end < 0:
            raise self._without_end(limit)
        start, self.position = self.position, end + 1
        return self.data[start:end] if end - start <= SHORT else memoryview(self.data)[start:end]

    def _without_end(self, limit: int) -> KnowledgeError:
        rest = len(self.data) - self.position
        return self.truncated() if rest <= limit else self.limit_exceeded("bytes in one line", limit)

    def limit_exceeded(self, what: str, limit: float) -> LimitExceeded:
        """Return the error for a file that exceeds a limit.

        Args:
            what: the unit of the limit, in the plural.
            limit: the limit.
        """
        return self.budget.limit_exceeded(what, limit)

    def truncated(self) -> KnowledgeError:
        """Return the error for a file that ends within an instruction."""
        size = len(self.data)
        return MalformedKnowledge(
            f"{self.name} is truncated at byte {size}: the pickle has no end.",
            hint="Copy the file again, in binary mode, or save it again.",
            offset=size,
        )

    def malformed(self, offset: int) -> KnowledgeError:
        """Return the error for an instruction that cannot be carried out."""
        text = self.data[:256]
        looks = " It looks like a text file." if text.isascii() and text.decode("ascii").isprintable() else ""
        if b"\n" in text[:200] and b"," in text.partition(b"\n")[0]:
            looks = " It looks like a text table; the knowledge and the activation may have been exchanged."
        return MalformedKnowledge(
            f"{self.name} is not a pickle, or is damaged: invalid instruction at byte {offset}.{looks}",
            hint="Copy the file again, in binary mode, or save it again.",
            offset=offset,
        )

    def check_end(self) -> None:
        """Check that the file ends here.

        Raises:
            MalformedKnowledge: more bytes follow.
        """
        rest = len(self.data) - self.position
        if not rest:
            return
        second = self.data[self.position] == 0x80 or (rest > 16 and self.data.endswith(b"."))
        what = "two pickles one after another" if second else "more than a pickle"
        raise MalformedKnowledge(
            f"{self.name} holds {what}: the first ends at byte {self.position}, and {rest} bytes follow.",
            hint="Save the network in a file of its own.",
            offset=self.position,
        )


def _with_unix_line_ends(data: bytes, budget: Budget) -> bytes:
    if data.startswith(b"\x80"):
        return data
    lines = data.count(b"\n")
    if lines and lines == data.count(b"\r\n"):
        budget.charge(len(data))
        return data.replace(b"\r\n", b"\n")
    return data
