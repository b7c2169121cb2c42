"""Reads rows from the first sheet of an Excel workbook, as CSV with tabs."""

from __future__ import annotations

from collections.abc import Iterator

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.input_file import BLOCK
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.csv.reader import CsvReader
from pybrain_runtime.tables.formats.xlsx.archive import XlsxArchive
from pybrain_runtime.tables.formats.xlsx.sheet import SheetReader
from pybrain_runtime.tables.table_file import TableFile

_LARGEST = 1 << 26


class XlsxReader(CsvReader):
    """Reads an Excel workbook. The file, at most 64 MiB, is in memory; its sheet is decompressed block by block.

    Args:
        file: the file.
        selector: selects the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether to parse with pyarrow where possible.

    Raises:
        ActivationError: the workbook is damaged, exceeds a limit, or its columns do not fit the network.
    """

    def __init__(
        self, file: TableFile, selector: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        super().__init__(SheetLines(file), selector, skip=skip, fast=fast)


class SheetLines:
    """The lines of the first sheet of a workbook, as the content of a file of tab-separated values.

    Attributes:
        name: the name of the workbook.

    Args:
        file: the workbook.

    Raises:
        ActivationError: the workbook is damaged, or exceeds a limit.
    """

    def __init__(self, file: TableFile) -> None:
        content = bytearray()
        for block in file.blocks():  # also hashes the whole file
            content += block
            if len(content) > _LARGEST:
                raise ActivationError(
                    f"{file.name} exceeds the limit of {_LARGEST:,} bytes for an Excel workbook.",
                    hint="Save the table as CSV in UTF-8.",
                )
        self.name = file.name
        self._sheet = SheetReader(XlsxArchive(bytes(content), file.name), file.name)

    def blocks(self) -> Iterator[bytes]:
        """Yield the lines in blocks, whose size depends only on the content."""
        block = bytearray()
        for line in self._sheet.lines():
            block += line
            while len(block) >= BLOCK:
                yield bytes(block[:BLOCK])
                del block[:BLOCK]
        if block:
            yield bytes(block)
