"""Parses Thrift's compact protocol, the encoding of the headers and the footer of a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator

_DEEPEST = 16
_BYTE, _DOUBLE, _BINARY, _STRUCT = 3, 7, 8, 12
_TRUTHS, _INTEGERS, _LISTS = (1, 2), (4, 5, 6), (9, 10)
I32, I64 = 5, 6
_BITS = {4: 16, I32: 32, I64: 64}

Fields = dict[int, "int | list[int] | Fields"]
"""The numbers of a struct, its lists of numbers, and its structs, by the ids of their fields."""


class DamagedStruct(ValueError):
    """The bytes are not a struct, or the struct is nested too deeply."""


class CompactReader:
    """Reads values one after another. Truncated data raise an ``IndexError``.

    Args:
        data: the bytes.

    Attributes:
        position: offset of the next value.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield the id and type of each field of a struct; the value must be read or skipped before the next one."""
        identifier = 0
        while head := self._byte():
            step = head >> 4
            identifier = identifier + step if step else self._integer(16)
            yield identifier, head & 15

    def struct(self, integers: int, depth: int = 0) -> Fields:
        """Return a struct. Its strings, doubles and lists of structs are skipped.

        Args:
            integers: the type of the numbers to read, ``I32`` or ``I64``; others are skipped, as pyarrow does.
            depth: number of structs that enclose it.
        """
        if depth > _DEEPEST:
            raise DamagedStruct("a struct is nested too deeply")
        found: Fields = {}
        for identifier, kind in self.fields():
            if kind == integers:
                found[identifier] = self._integer(_BITS[kind])
            elif kind == _STRUCT:
                found[identifier] = self.struct(integers, depth + 1)
            elif kind in _LISTS:
                found[identifier] = self._numbers(depth + 1)
            else:
                self.skip(kind, depth + 1)
        return found

    def items(self, kind: int) -> Iterator[int]:
        """Yield the type of each item of a list; the item must be read or skipped before the next one.

        Args:
            kind: the type of the field.
        """
        if kind not in _LISTS:
            raise DamagedStruct("a field is not a list")
        count, item = self._list_head()
        for _ in range(count):
            yield item

    def skip(self, kind: int, depth: int = 0) -> None:
        """Skip the value of a field.

        Args:
            kind: the type of the field.
            depth: number of structs and lists that enclose it.
        """
        if depth > _DEEPEST:
            raise DamagedStruct("a struct is nested too deeply")
        if kind in _INTEGERS:
            self._varint()
        elif kind == _BINARY:
            self._move(self._varint())
        elif kind in (_BYTE, _DOUBLE):
            self._move(1 if kind == _BYTE else 8)
        elif kind == _STRUCT:
            for _, each in self.fields():
                self.skip(each, depth + 1)
        elif kind in _LISTS:
            count, item = self._list_head()
            for _ in range(count):
                self._skip_item(item, depth + 1)
        elif kind not in _TRUTHS:  # a Boolean is encoded in the type
            raise DamagedStruct(f"a field has the type {kind}")

    def _integer(self, bits: int) -> int:
        value = self._varint()
        if value >= 1 << bits:
            raise DamagedStruct(f"a number has more than {bits} bits")
        return (value >> 1) ^ -(value & 1)

    def _numbers(self, depth: int) -> list[int]:
        count, item = self._list_head()
        if item in _INTEGERS:
            return [self._integer(_BITS[item]) for _ in range(count)]
        for _ in range(count):
            self._skip_item(item, depth)
        return []

    def _list_head(self) -> tuple[int, int]:
        """Return the number of items that follow, and their type. Each item has at least one byte."""
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self._varint()
        if count > len(self._data) - self.position:
            raise IndexError
        return count, head & 15

    def _skip_item(self, kind: int, depth: int) -> None:
        if kind in _TRUTHS:  # in a list, a Boolean takes a byte
            self._move(1)
        else:
            self.skip(kind, depth)

    def _move(self, size: int) -> None:
        if size > len(self._data) - self.position:
            raise IndexError
        self.position += size

    def _byte(self) -> int:
        byte = self._data[self.position]
        self.position += 1
        return byte

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise DamagedStruct("a number has more than 64 bits")
