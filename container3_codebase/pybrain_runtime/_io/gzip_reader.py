"""Unpacks gzip archives of any size, block by block."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from pybrain_runtime._io.input_file import BLOCK
from pybrain_runtime.errors import ActivationError

_GZIP_WINDOW = 31  # zlib's number for: with a gzip header


def inflated(packed: Iterable[bytes], name: str, size: int = BLOCK) -> Iterator[bytes]:
    """Yields the content of a gzip archive, of one member or several, in blocks of a fixed size.

    However much a block unpacks to, no more than two blocks are held.

    Args:
        packed: the archive.
        name: its name, for messages.
        size: bytes in a block; the last one has what is left.

    Raises:
        ActivationError: it is damaged or cut off, or something else follows it.
    """
    block = bytearray()
    for part in _members(packed, name, size):
        block += part
        while len(block) >= size:
            yield bytes(block[:size])
            del block[:size]
    if block:
        yield bytes(block)


def _members(packed: Iterable[bytes], name: str, size: int) -> Iterator[bytes]:
    member = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for rest in packed:
            while rest:
                if member.eof:
                    rest = rest.lstrip(b"\0")  # what tapes leave behind; gzip ignores it, too
                    if not rest:
                        break
                    member = zlib.decompressobj(_GZIP_WINDOW)
                yield member.decompress(rest, size)
                rest = member.unused_data if member.eof else member.unconsumed_tail
        # All has been taken in, but some of it may still be waiting to be put out.
        while not member.eof and (part := member.decompress(b"", size)):
            yield part
    except zlib.error as error:
        raise _damaged(name, str(error)) from None
    if not member.eof:
        raise _damaged(name, "it ends too early")


def _damaged(name: str, reason: str) -> ActivationError:
    return ActivationError(
        f"{name} is a damaged gzip archive: {reason}.", hint="Copy or pack it again.", reason=reason
    )
