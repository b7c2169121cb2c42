"""The file with the rows: opened, unpacked where it is a gzip archive, and known for what it is by its content."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain

from pybrain_runtime._io.input_file import BLOCK, InputFile, StandardInput
from pybrain_runtime.errors import ActivationError

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_AFTER_BRACKET = (b"", *(bytes([code]) for code in b"0123456789-+.]{["))
_FEW = 4


class TableFile:
    """The content of an activation file; whoever opens it closes it.

    Attributes:
        file: the file as it lies there: its name, its size, the hash of its bytes.
        name: the file's name, for messages.
        kind: ``csv``, ``jsonl`` or ``parquet``, as the content says; the ending has no say in it.

    Args:
        path: the file; ``-`` for standard input.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        ActivationError: it is a damaged gzip archive.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if os.fspath(path) == "-":
            self.file: InputFile = StandardInput("activation")
        else:
            self.file = InputFile(path, "activation", follow_links=True)
        self.name = self.file.name
        try:
            blocks = self.file.blocks()
            first = next(blocks, b"")
            if first.startswith(_GZIP):
                from pybrain_runtime._io.gzip_reader import (
                    inflated,  # rare, so it is not loaded at every start
                )

                blocks = inflated(chain([first], blocks), self.name)
                first = next(blocks, b"")
                if first.startswith(_GZIP):
                    raise ActivationError(f"{self.name} is packed twice.", hint="Unpack it once.")
            self.kind = _kind(first)
            self._blocks = chain([first], blocks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self.file.close()

    @property
    def large(self) -> bool:
        """Whether it is worth loading a library made for large files: it has more than a few blocks, or may."""
        return self.file.size > _FEW * BLOCK or not self.file.size

    def blocks(self) -> Iterator[bytes]:
        """Yields the content, unpacked, in blocks of a fixed size; once.

        Raises:
            ActivationError: it is damaged.
            DataError: the file was written to meanwhile.
        """
        return self._blocks


def _kind(start: bytes) -> str:
    if start.startswith(_PARQUET):
        return "parquet"
    text = start[:4096].removeprefix(_BOM).lstrip()
    if text.startswith(b"{"):
        return "jsonl"
    # A header of a CSV file may begin with a bracket, too; then it is no value that follows.
    return "jsonl" if text.startswith(b"[") and text[1:].lstrip()[:1] in _AFTER_BRACKET else "csv"
