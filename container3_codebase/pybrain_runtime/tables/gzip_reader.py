"""Decompresses gzip archives of any size, block by block."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.input_file import BLOCK

_GZIP_WINDOW = 31  # zlib's value for data with a gzip header


def decompressed(packed: Iterable[bytes], name: str, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the content of a gzip archive of one or more members in blocks of a fixed size.

    At most two blocks are held in memory, whatever the compression ratio.

    Args:
        packed: the archive.
        name: its name, for messages.
        size: bytes of a block; the last one may be shorter.

    Raises:
        ActivationError: the archive is damaged or truncated, or other data follow it.
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
                    rest = rest.lstrip(b"\0")  # padding from tapes, which gzip also ignores
                    if not rest:
                        break
                    member = zlib.decompressobj(_GZIP_WINDOW)
                yield member.decompress(rest, size)
                rest = member.unused_data if member.eof else member.unconsumed_tail
        # All input has been consumed; some output may still be buffered.
        while not member.eof and (part := member.decompress(b"", size)):
            yield part
    except zlib.error as error:
        raise _damaged(name, str(error)) from None
    if not member.eof:
        raise _damaged(name, "unexpected end of file")


def _damaged(name: str, reason: str) -> ActivationError:
    return ActivationError(f"{name} is a damaged gzip archive: {reason}.", hint="Copy or compress it again.")
