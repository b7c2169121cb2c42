"""Time series by name and labels, counted by several processes in shared memory."""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterator

import msgspec

Key = tuple[str, ...]
"""The name of a series, then its labels."""

_LOG = logging.getLogger("serving.metrics")
_TEXT = 1 << 18
_NUMBERS = 1 << 14
_WIDEST = 64
_PAGE = 8 + _TEXT + _NUMBERS * 8
_DECODE = msgspec.json.Decoder(tuple[Key, int]).decode


class Page:
    """The series of one process, which is their only writer. Other processes may read them at any time.

    A page begins with an index: for each series, one line of JSON with its key and its number of values, in the order
    of the values. A process that replaces another continues its page, so counters never decrease.

    Args:
        memory: the memory of the page, initially zero.

    Attributes:
        numbers: the values of all series.
        places: the index of the first value of each series.
    """

    def __init__(self, memory: memoryview) -> None:
        self._length = memory[:8].cast("Q")
        self._text = memory[8 : 8 + _TEXT]
        self.numbers = memory[8 + _TEXT :].cast("d")
        self.places: dict[Key, int] = {}
        self._next = 0
        for key, width in self._index():
            self.places[key] = self._next
            self._next += width

    def place(self, key: Key, width: int = 1) -> int:
        """Return the index of the first value of a series, which is added if it is new.

        Args:
            key: the series.
            width: the number of values of the series, at most 64.

        Returns:
            The index in ``numbers``. If the page is full, an index that is never read.
        """
        found = self.places.get(key)
        if found is not None:
            return found
        line = msgspec.json.encode((key, width)) + b"\n"
        length = self._length[0]
        if length + len(line) > _TEXT or self._next + width > _NUMBERS - _WIDEST:
            _LOG.warning("too many series; %s is not counted", key)
            place = _NUMBERS - _WIDEST
        else:
            self._text[length : length + len(line)] = line
            self._length[0] = length + len(line)  # last, so that readers see only complete lines
            place = self._next
            self._next += width
        self.places[key] = place
        return place

    def read(self) -> Iterator[tuple[Key, list[float]]]:
        """Yield all series with their values."""
        place = 0
        for key, width in self._index():
            yield key, [float(each) for each in self.numbers[place : place + width]]
            place += width

    def _index(self) -> Iterator[tuple[Key, int]]:
        return map(_DECODE, bytes(self._text[: self._length[0]]).splitlines())


class SharedSeries:
    """The series of all processes of a server. Must be created before the processes are forked.

    Args:
        pages: the number of processes.
    """

    def __init__(self, pages: int = 1) -> None:
        memory = memoryview(mmap.mmap(-1, pages * _PAGE))
        self._pages = [memory[place * _PAGE : (place + 1) * _PAGE] for place in range(pages)]

    def page(self, number: int) -> Page:
        """Return the writable page of a process."""
        return Page(self._pages[number])

    def totals(self) -> dict[Key, list[float]]:
        """Return all series, summed over the processes."""
        found: dict[Key, list[float]] = {}
        for memory in self._pages:
            for key, numbers in Page(memory).read():
                present = found.get(key)
                found[key] = numbers if present is None else [*map(sum, zip(present, numbers, strict=True))]
        return found
