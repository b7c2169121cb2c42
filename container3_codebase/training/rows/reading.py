"""Read a table: CSV, TSV and Excel in this module, JSON lines and Parquet in their own modules."""

from __future__ import annotations

from collections.abc import Iterable

from pybrain_runtime.io.optional_packages import require_arrow
from pybrain_runtime.tables.formats.csv.cells import DELIMITERS, CellParser, detect_delimiter, noted_delimiter
from pybrain_runtime.tables.formats.line_reader import LineReader
from pybrain_runtime.tables.formats.registry import CSV, EXCEL, JSON_LINES, PARQUET, detect_format
from pybrain_runtime.tables.table_file import TableFile
from training.errors import TrainingDataError
from training.rows.header import check_names, check_size, no_names
from training.rows.json_table import json_table
from training.rows.table import Table

_MOST_LINES, _MOST_BYTES = 5_000_000, 1 << 29


def read_table(path: str) -> Table:
    """Read a table.

    Args:
        path: a CSV or TSV file with a header or JSON lines, each optionally compressed with gzip; a Parquet file; or
            an Excel workbook, whose first sheet is read.

    Raises:
        InputMissing: the file does not exist or cannot be read.
        MissingHeader: the first line is not a header.
        ActivationError: the file is not a valid table; the message contains the line number.
        TrainingDataError: the format of the file cannot be read for training.
        MissingPackage: the file is Parquet, but pyarrow is not installed.
    """
    file = TableFile(path, "training")
    try:
        row_format = detect_format(file.start)
        read = _READERS.get(row_format.name)
        if read is None:
            raise TrainingDataError(
                f"{file.name} is {row_format.what}, which training cannot read.",
                hint="Save it as CSV or Parquet.",
            )
        return read(file)
    finally:
        file.close()


def _lines(content: Iterable[bytes], name: str) -> list[tuple[int, bytes]]:
    """Return the lines that are not blank, with their numbers; their number is limited, even in compressed files."""
    filled: list[tuple[int, bytes]] = []
    for chunk in LineReader(content, name).chunks():
        filled += [line for line in enumerate(chunk.split(), chunk.number) if line[1].strip()]
        if len(filled) > _MOST_LINES or chunk.end > _MOST_BYTES:
            raise TrainingDataError(
                f"{name} is too large for training: the limit is {_MOST_LINES:,} lines "
                f"and {_MOST_BYTES:,} bytes.",
                hint="Use a random sample of the rows.",
            )
    return filled


def _csv(file: TableFile) -> Table:
    return _csv_table(file, _lines(file.blocks(), file.name))


def _json_lines(file: TableFile) -> Table:
    return json_table(file, _lines(file.blocks(), file.name))


def _parquet(file: TableFile) -> Table:
    require_arrow(f"Reading {file.name}, a Parquet file,")
    from training.rows.parquet_table import parquet_table

    return parquet_table(file)


def _excel(file: TableFile) -> Table:
    from pybrain_runtime.tables.formats.xlsx.reader import SheetLines

    return _csv_table(file, _lines(SheetLines(file).blocks(), file.name), delimiter="\t")


def _csv_table(file: TableFile, filled: list[tuple[int, bytes]], delimiter: str = "") -> Table:
    """Parse the table of a file.

    Args:
        file: the file.
        filled: the lines that are not blank, with their line numbers.
        delimiter: the delimiter of cells; empty to detect it.
    """
    noted = noted_delimiter(filled[0][1]) if filled and not delimiter else None
    if noted in DELIMITERS:  # Excel's line sep=;
        filled = filled[1:]
    if len(filled) < 2:
        what = "has a header but no rows" if filled else "is empty"
        raise TrainingDataError(f"{file.name} {what}.", hint="Add a line for each row, below a header.")
    if noted in DELIMITERS:
        delimiter = noted
    parser = CellParser(file.name, delimiter or detect_delimiter(filled[1][1].decode("utf-8", "replace")))
    rows = ((number, parser.cells(number, parser.text(number, line))) for number, line in filled)
    header = tuple(next(rows)[1])
    if not parser.count_values(list(header))[1]:
        raise no_names(file.name, 1)
    check_size(file.name, len(filled) - 1, len(header))
    check_names(file.name, header)
    parser.names = header
    numbers, table = [], []
    for number, cells in rows:
        if len(cells) != len(header):
            raise TrainingDataError(
                f"{file.name} line {number} has {len(cells)} columns; the header has {len(header)}."
            )
        numbers.append(number)
        table.append(tuple(cells))
    return Table(file.name, file.file.sha256, header, tuple(numbers), tuple(table), parser)


_READERS = {
    CSV.name: _csv,
    JSON_LINES.name: _json_lines,
    PARQUET.name: _parquet,
    EXCEL.name: _excel,
}
"""The formats that can be read for training; any other is refused."""
