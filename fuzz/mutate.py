"""Mutate files to make them more expensive, with knowledge of pickle, XML and npz files.

A byte-wise fuzzer finds files that break a reader. Memory and time are consumed by many, deep, long, wide,
shared and equal values, which the functions of this module put into files.
"""

from __future__ import annotations

import bz2
import gzip
import io
import pickletools
import random
import re
import zipfile
import zlib
from collections.abc import Callable

import numpy as np

_VALUES = (
    b"N", b"}", b"]", b"\x8f", b"(\x91", b")", b"K\x01", b"\x8a\x08" + b"\xff" * 7 + b"\x0f", b"G" + bytes(8),
    b"cbuiltins\nset\n)R", b"cpybrain.structure.modules.linearlayer\nLinearLayer\n)\x81", b"cnumpy\ndtype\n",
    b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R", b"I123456789\n", b"F1.5\n",
    b"X\x05\x00\x00\x00a\xf0\x9f\x98\x80", b"\x8c\x05a\xf0\x9f\x98\x80", b"V\\u1234a\n", b"S'\\x41a'\n",
)  # fmt: skip
_ENDS = (b"l", b"t", b"\x91", b"d", b"1")
_PIECES_OF_TEXT = (b"1,", b"0.1234567890123456, ", b",", b" ", b"np.float64(1), ", b"\xf0\x9f\x98\x80")
_PIECES_OF_JSON = ("{},", "[],", '{"":0},', '"ā",', "1,", "[", '{"":', "1e9,")
_TAG = re.compile(rb"<([A-Za-z]+)([^<>]*)/?>")
_TEXT = re.compile(rb">([^<]+)<")


def _beginning(data: bytes, most: int) -> bytes:
    """Return the decompressed content of a file, up to a limit."""
    try:
        if data[:1] == b"\x1f":
            return zlib.decompressobj(wbits=31).decompress(data, most)
        return bz2.BZ2Decompressor().decompress(data, most)
    except (OSError, zlib.error):
        return b""


class Mutator:
    """Mutate files at random, up to a maximum size.

    Args:
        chance: the random number generator.
        most: maximum size of a file in bytes.
    """

    def __init__(self, chance: random.Random, most: int) -> None:
        self._chance = chance
        self._most = most

    def mutated(self, data: bytes, other: bytes) -> bytes:
        """Return the file with one to three changes; ``other`` is a file to take pieces from.

        Args:
            data: the file.
            other: another file, from which pieces may be taken.
        """
        for _ in range(self._chance.randint(1, 3)):
            changes = self._changes(data)
            data = self._chance.choice(changes)(data, other)[: self._most]
        return data

    def _changes(self, data: bytes) -> list[Callable[[bytes, bytes], bytes]]:
        plain = [self._block_again, self._splice]
        if data.startswith(b"PK"):
            return [*plain, self._description, self._description, self._member]
        if data.lstrip()[:1] == b"<":
            return [
                *plain,
                self._element_again,
                self._attributes,
                self._long_text,
                self._nested,
                self._packed,
            ]
        if data.startswith((b"\x1f\x8b", b"BZh")):
            return [*plain, self._inside]
        pickles = [
            self._values,
            self._shared,
            self._deep,
            self._key,
            self._instructions_again,
            self._long_value,
        ]
        return [*plain, *pickles, *pickles, self._packed]

    # Any file.

    def _count(self, piece: int) -> int:
        """Return a number of repetitions: mostly a few, sometimes as many as fit."""
        return max(1, min(self._most // max(1, piece), 1 << self._chance.randint(1, 20)))

    def _block_again(self, data: bytes, other: bytes) -> bytes:
        start = self._chance.randrange(len(data) + 1)
        block = data[start : start + self._chance.randint(1, 64)]
        return data[:start] + block * self._count(len(block)) + data[start:]

    def _splice(self, data: bytes, other: bytes) -> bytes:
        cut, end = self._chance.randrange(len(data) + 1), self._chance.randrange(len(other) + 1)
        return data[:cut] + other[end : end + 256] + data[cut:]

    def _packed(self, data: bytes, other: bytes) -> bytes:
        return self._chance.choice((gzip.compress, bz2.compress))(data)

    def _inside(self, data: bytes, other: bytes) -> bytes:
        return self._packed(self.mutated(_beginning(data, self._most), other), other)

    # Pickles.

    def _places(self, data: bytes) -> list[int]:
        """Return the offsets of the instructions, if the file is a pickle."""
        found = []
        try:
            for _, _, position in pickletools.genops(data[: 1 << 14]):
                found.append(position or 0)
        except Exception:  # not a pickle, or truncated
            pass
        return found or [0]

    def _put(self, data: bytes, piece: bytes) -> bytes:
        place = self._chance.choice(self._places(data))
        return data[:place] + piece + data[place:]

    def _values(self, data: bytes, other: bytes) -> bytes:
        value = self._chance.choice(_VALUES) + self._chance.choice((b"", b"\x94", b"2", b"\x85"))
        end = self._chance.choice(_ENDS)
        return self._put(data, b"(" + value * self._count(len(value)) + end)

    def _shared(self, data: bytes, other: bytes) -> bytes:
        twice = self._chance.choice(
            (b"2\x86", b"q\x01h\x01\x86", b"q\x01h\x01h\x01\x87", b"q\x01](h\x01h\x01e")
        )
        return self._put(data, self._chance.choice(_VALUES) + twice * self._count(len(twice)))

    def _deep(self, data: bytes, other: bytes) -> bytes:
        count = self._count(2)
        return self._put(
            data, self._chance.choice((b"N" + b"\x85" * count, b"(" * count, b"]" * count + b"a" * count))
        )

    def _key(self, data: bytes, other: bytes) -> bytes:
        key = self._chance.choice((*_VALUES, b"2", b"h\x01", b"h\x00", b"K\x01K\x02\x86"))
        one = key + b"N"
        return self._put(data, b"}(" + one * self._count(len(one)) + b"u")

    def _instructions_again(self, data: bytes, other: bytes) -> bytes:
        places = self._places(data)
        first = self._chance.randrange(len(places))
        last = min(first + self._chance.randint(1, 12), len(places) - 1)
        piece = data[places[first] : places[last]]
        return data[: places[last]] + piece * self._count(len(piece)) + data[places[last] :]

    def _long_value(self, data: bytes, other: bytes) -> bytes:
        size = self._count(1)
        wide = self._chance.choice(("", "é", "☃", "\U0001f600")).encode()
        body = b"a" * max(0, size - len(wide)) + wide
        code = self._chance.choice((b"X", b"T", b"B"))
        return self._put(data, code + len(body).to_bytes(4, "little") + body)

    # XML.

    def _element_again(self, data: bytes, other: bytes) -> bytes:
        tags = list(_TAG.finditer(data[: 1 << 16]))
        if not tags:
            return data
        first = self._chance.randrange(len(tags))
        last = min(first + self._chance.randint(0, 8), len(tags) - 1)
        piece = data[tags[first].start() : tags[last].end()]
        return data[: tags[last].end()] + piece * self._count(len(piece)) + data[tags[last].end() :]

    def _attributes(self, data: bytes, other: bytes) -> bytes:
        tags = list(_TAG.finditer(data[: 1 << 16]))
        if not tags:
            return data
        place = self._chance.choice(tags).end(1)
        value = b"x" * self._chance.choice((0, 1, 100, 4_000))
        more = b"".join(b' a%d="%s"' % (n, value) for n in range(min(self._count(len(value) + 9), 10_000)))
        return data[:place] + more + data[place:]

    def _long_text(self, data: bytes, other: bytes) -> bytes:
        texts = list(_TEXT.finditer(data[: 1 << 16]))
        if not texts:
            return data
        place = self._chance.choice(texts).start(1)
        piece = self._chance.choice(
            (b"1,", b"0.1234567890123456, ", b",", b" ", b"np.float64(1), ", b"\xf0\x9f\x98\x80")
        )
        return data[:place] + piece * self._count(len(piece)) + data[place:]

    def _nested(self, data: bytes, other: bytes) -> bytes:
        count = min(self._count(7), 5_000)
        tags = list(_TAG.finditer(data[: 1 << 16]))
        place = self._chance.choice(tags).end() if tags else 0
        return data[:place] + b"<a>" * count + b"</a>" * count + data[place:]

    # npz.

    def _members(self, data: bytes) -> dict[str, bytes]:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return {name: archive.read(name)[: self._most] for name in archive.namelist()[:64]}
        except Exception:  # any error that a broken archive causes in zipfile
            return {}

    def _archive(self, members: dict[str, bytes]) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return file.getvalue()

    def _description(self, data: bytes, other: bytes) -> bytes:
        members = self._members(data)
        try:
            text = str(np.load(io.BytesIO(members["network.npy"]))[()])
        except Exception:  # there is no description, or it is not text
            text = "[]"
        place = self._chance.randrange(len(text) + 1)
        piece = self._chance.choice(
            ("{},", "[],", '{"":0},', '"ā",', "1,", "[", '{"":', "1e9,", text[place : place + 99] or "0")
        )
        text = text[:place] + piece * self._count(4 * len(piece)) + text[place:]
        file = io.BytesIO()
        np.save(file, np.array(text))
        return self._archive(members | {"network.npy": file.getvalue()})

    def _member(self, data: bytes, other: bytes) -> bytes:
        members = self._members(data)
        file = io.BytesIO()
        np.save(file, np.zeros(self._count(8), self._chance.choice(("f4", "f8"))))
        more = {f"{n}.npy": b"" for n in range(min(self._count(100), 5_000))}
        name = self._chance.choice([*members, "network.npy"])
        return self._archive(self._chance.choice((more | members, members | {name: file.getvalue()})))
