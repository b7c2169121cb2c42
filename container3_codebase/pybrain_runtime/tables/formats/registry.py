"""The registry of row formats, from which rows are read and to which they are written.

A new format is a reader, a writer, and an entry in ``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from pybrain_runtime.errors import ActivationError, UsageError
from pybrain_runtime.io.optional_packages import require_arrow
from pybrain_runtime.io.paths import split_ending, without_gz
from pybrain_runtime.io.signatures import ARROW_STREAM as ARROW_SIGNATURE
from pybrain_runtime.io.signatures import PARQUET as PARQUET_SIGNATURE
from pybrain_runtime.io.signatures import UTF8_BOM
from pybrain_runtime.io.signatures import ZIP as ZIP_SIGNATURE
from pybrain_runtime.tables.formats.interface import RowFormat, RowReader, RowWriter

if TYPE_CHECKING:
    from pybrain_runtime.tables.column_selector import ColumnSelector
    from pybrain_runtime.tables.table_file import TableFile

# Readers and writers are imported when they are first used: each has its own libraries.


def _read_csv(file: TableFile, selector: ColumnSelector, *, skip: bool, fast: bool) -> RowReader:
    from pybrain_runtime.tables.formats.csv.reader import CsvReader

    return CsvReader(file, selector, skip=skip, fast=fast)


def _write_csv(names: Sequence[str], texts: Collection[int], *, fast: bool, decimal_comma: bool) -> RowWriter:
    from pybrain_runtime.tables.formats.csv.writer import ArrowCsvWriter, CsvWriter

    return (ArrowCsvWriter if fast else CsvWriter)(names, decimal_comma=decimal_comma)


def _read_json_lines(file: TableFile, selector: ColumnSelector, *, skip: bool, fast: bool) -> RowReader:
    from pybrain_runtime.tables.formats.json.lines_reader import JsonLinesReader

    return JsonLinesReader(file, selector, skip=skip, fast=fast)


def _write_json_lines(
    names: Sequence[str], texts: Collection[int], *, fast: bool, decimal_comma: bool
) -> RowWriter:
    from pybrain_runtime.tables.formats.json.lines_writer import JsonLinesWriter

    return JsonLinesWriter(names)


def _read_parquet(file: TableFile, selector: ColumnSelector, *, skip: bool, fast: bool) -> RowReader:
    from pybrain_runtime.tables.formats.parquet.reader import ParquetReader

    return ParquetReader(file, selector, skip=skip, fast=fast)


def _write_parquet(
    names: Sequence[str], texts: Collection[int], *, fast: bool, decimal_comma: bool
) -> RowWriter:
    from pybrain_runtime.tables.formats.parquet.writer import ParquetWriter

    return ParquetWriter(names, texts)


def _read_arrow(file: TableFile, selector: ColumnSelector, *, skip: bool, fast: bool) -> RowReader:
    from pybrain_runtime.tables.formats.arrow.reader import ArrowReader

    return ArrowReader(file, selector, skip=skip, fast=fast)


def _write_arrow(
    names: Sequence[str], texts: Collection[int], *, fast: bool, decimal_comma: bool
) -> RowWriter:
    from pybrain_runtime.tables.formats.arrow.writer import ArrowWriter

    return ArrowWriter(names, texts)


def _read_excel(file: TableFile, selector: ColumnSelector, *, skip: bool, fast: bool) -> RowReader:
    from pybrain_runtime.tables.formats.xlsx.reader import XlsxReader

    return XlsxReader(file, selector, skip=skip, fast=fast)


_VALUE_STARTS = (b"", *(bytes([code]) for code in b"0123456789-+.]{["))


def _is_json_lines(start: bytes) -> bool:
    text = start.removeprefix(UTF8_BOM).lstrip()
    # The header of a CSV file may also begin with a bracket, but then no value follows it.
    return text.startswith(b"{") or (text.startswith(b"[") and text[1:].lstrip()[:1] in _VALUE_STARTS)


CSV = RowFormat(
    name="csv",
    title="CSV",
    suffixes=(".csv",),
    variants=("TSV",),
    media_types=("text/csv",),
    matches=lambda start: True,
    open_reader=_read_csv,
    open_writer=_write_csv,
    decimal_commas=True,
)
JSON_LINES = RowFormat(
    name="jsonl",
    title="JSON lines",
    suffixes=(".jsonl", ".ndjson"),
    media_types=("application/jsonl", "application/x-ndjson"),
    matches=_is_json_lines,
    open_reader=_read_json_lines,
    open_writer=_write_json_lines,
)
PARQUET = RowFormat(
    name="parquet",
    title="Parquet",
    suffixes=(".parquet", ".pq"),
    media_types=("application/vnd.apache.parquet",),
    matches=lambda start: start.startswith(PARQUET_SIGNATURE),
    open_reader=_read_parquet,
    open_writer=_write_parquet,
    row_word="row",
    streamable=False,
    needs_pyarrow=True,
)
ARROW = RowFormat(
    name="arrow",
    title="Arrow stream",
    suffixes=(".arrows",),
    media_types=("application/vnd.apache.arrow.stream",),
    matches=lambda start: start.startswith(ARROW_SIGNATURE),
    open_reader=_read_arrow,
    open_writer=_write_arrow,
    row_word="row",
    streamable=False,
    needs_pyarrow=True,
)
EXCEL = RowFormat(
    name="excel",
    title="Excel",
    suffixes=(".xlsx",),
    matches=lambda start: start.startswith(ZIP_SIGNATURE),
    open_reader=_read_excel,
    open_writer=None,
    streamable=False,
)

FORMATS = (ARROW, PARQUET, EXCEL, JSON_LINES, CSV)
"""All formats, in the order in which they are detected. CSV, which has no signature, comes last."""


def detect_format(start: bytes) -> RowFormat:
    """Return the format of a file by its first bytes, decompressed."""
    return next(row_format for row_format in FORMATS if row_format.matches(start))


def format_named(name: str) -> RowFormat:
    """Return the format with a name, such as ``csv``."""
    return next(row_format for row_format in FORMATS if row_format.name == name)


def format_of_output(path: str) -> RowFormat:
    """Return the format of an output file by its extension; CSV for any other extension."""
    ending = split_ending(without_gz(path))[1].lower()
    return next((row_format for row_format in FORMATS if ending in row_format.suffixes), FORMATS[-1])


def input_formats() -> str:
    """Return the formats that can be read, for help texts."""
    streamable = [
        title for each in reversed(FORMATS) if each.streamable for title in (each.title, *each.variants)
    ]
    others = [each.title for each in reversed(FORMATS) if not each.streamable]
    return (
        f"{', '.join(streamable[:-1])} or {streamable[-1]}, each optionally compressed with gzip, or "
        f"{', '.join(others[:-1])} or {others[-1]}"
    )


def output_formats() -> str:
    """Return the formats that can be written and the extensions that select them, for help texts."""
    by_ending = [
        f"{each.title} if it ends in {each.suffixes[0]}" for each in FORMATS[:-1] if each.open_writer
    ]
    return f"{', '.join(by_ending)}, otherwise {FORMATS[-1].title}"


def open_row_reader(
    row_format: RowFormat, file: TableFile, selector: ColumnSelector, *, skip: bool, fast: bool
) -> RowReader:
    """Return a reader for the rows of a file.

    Args:
        row_format: the format of the file.
        file: the file.
        selector: selects the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether pyarrow may be used.

    Raises:
        MissingPackage: the format needs pyarrow, which is not installed.
        ActivationError: the file is not a table or cannot be streamed, or its columns do not fit the network.
    """
    if row_format.needs_pyarrow:
        require_arrow(f"Reading {file.name}, {row_format.what},")
    if not row_format.streamable and not file.file.size:
        raise ActivationError(
            f"{file.name} is {row_format.what}, which cannot be streamed.",
            hint="Pass the name of the file instead of piping it.",
        )
    return row_format.open_reader(file, selector, skip=skip, fast=fast)


def open_row_writer(
    path: str,
    names: Sequence[str],
    texts: Collection[int] = (),
    *,
    fast: bool = False,
    decimal_comma: bool = False,
) -> RowWriter:
    """Return a writer for the rows of a file.

    Args:
        path: the file; its extension selects the format, and ``.gz`` after it compression.
        names: names of the columns.
        texts: positions of the text columns, counted from 0.
        fast: whether pyarrow may be used.
        decimal_comma: whether CSV is written with semicolons between cells and decimal commas in numbers.

    Raises:
        MissingPackage: the format needs pyarrow, which is not installed.
        UsageError: the format can only be read, or does not support gzip or decimal commas.
    """
    row_format = format_of_output(path)
    if row_format.open_writer is None:
        raise UsageError(
            f"{path} is {row_format.what}, a format that can be read, but not written.",
            hint="Write a CSV file instead, which spreadsheets can open.",
        )
    if decimal_comma and not row_format.decimal_commas:
        raise UsageError(
            f"{path} is {row_format.what}, which does not support decimal commas; only CSV does."
        )
    packed = without_gz(path) != path
    if packed and not row_format.streamable:
        raise UsageError(
            f"{path} is {row_format.what}, which cannot be compressed with gzip.",
            hint="Leave out the extension .gz.",
        )
    if row_format.needs_pyarrow:
        require_arrow(f"Writing {path}, {row_format.what},")
    writer = row_format.open_writer(names, texts, fast=fast, decimal_comma=decimal_comma)
    if not packed:
        return writer
    from pybrain_runtime.tables.formats.gzip_writer import GzipWriter

    return GzipWriter(writer)
