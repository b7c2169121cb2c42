"""An input file with rows: opened and decompressed, with the first bytes by which its format is detected."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.input_file import BLOCK, InputFile, StandardInput
from pybrain_runtime.io.signatures import GZIP

_FEW = 4
_START = 4096


class TableFile:
    """The content of an activation file. The caller closes it.

    Attributes:
        file: the file as it is stored: its name, size and hash.
        name: the file's name, for messages.
        start: the first 4 KiB of the content, decompressed.

    Args:
        path: the file; ``-`` for standard input.
        role: what the file is used as, for messages.

    Raises:
        InputMissing: the file does not exist, or cannot be read.
        ActivationError: the file is a damaged gzip archive.
    """

    def __init__(self, path: str | os.PathLike[str], role: str = "activation") -> None:
        if os.fspath(path) == "-":
            self.file: InputFile = StandardInput(role)
        else:
            self.file = InputFile(path, role, follow_links=True)
        self.name = self.file.name
        try:
            blocks = self.file.blocks()
            first = next(blocks, b"")
            if first.startswith(GZIP):
                # Rare, so it is not imported at every start.
                from pybrain_runtime.tables.gzip_reader import decompressed

                blocks = decompressed(chain([first], blocks), self.name)
                first = next(blocks, b"")
                if first.startswith(GZIP):
                    raise ActivationError(f"{self.name} is compressed twice.", hint="Decompress it once.")
            self.start = first[:_START]
            self._blocks = chain([first], blocks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    @property
    def large(self) -> bool:
        """Whether the file has, or may have, more than a few blocks, so that importing pyarrow pays off."""
        return self.file.size > _FEW * BLOCK or not self.file.size

    def blocks(self) -> Iterator[bytes]:
        """Yield the content, decompressed, in blocks of a fixed size. Call it only once.

        Raises:
            ActivationError: the file is damaged.
            DataError: the file was written to in the meantime.
        """
        return self._blocks
