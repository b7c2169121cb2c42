"""Read a table from Parquet. Requires pyarrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import compute

from pybrain_runtime.tables.formats.columnar_reader import is_number
from pybrain_runtime.tables.formats.parquet.compact_thrift import DamagedStruct
from pybrain_runtime.tables.formats.parquet.footer import column_chunks
from pybrain_runtime.tables.formats.parquet.reader import buffered, damaged, opened
from pybrain_runtime.tables.table_file import TableFile
from training.errors import TrainingDataError
from training.rows.header import check_names, check_size
from training.rows.table import Table
from training.rows.typed_cells import TypedParser, cell_text

_MOST_BYTES, _ROWS = 1 << 29, 1 << 12


def parquet_table(file: TableFile) -> Table:
    """Read a table.

    Args:
        file: the file.

    Raises:
        ActivationError: the file is damaged.
        TrainingDataError: the table has no rows, is too large, or has an invalid column name.
    """
    source = opened(file)
    names = tuple(source.schema_arrow.names)
    check_size(file.name, source.metadata.num_rows, len(names))
    check_names(file.name, names)
    if not source.metadata.num_rows:
        raise TrainingDataError(f"{file.name} has no rows.")
    parser = TypedParser(file.name, names, "row")
    types = {name: _value_type(source.schema_arrow.field(name).type) for name in names}
    kinds = {name: _is_text(kind) for name, kind in types.items()}
    unusable = {
        name: f"{file.name}, {parser.column_label(place)}: values of type {types[name]} are neither numbers nor text."
        for place, name in enumerate(names)
        if not (kinds[name] or is_number(types[name]))
    }
    used = [name for name in names if name not in unusable]
    read = _cells(file, source.metadata, used, {name for name in used if kinds[name]})
    blank = [""] * source.metadata.num_rows
    columns = [read.get(name, blank) for name in names]
    lines = tuple(range(1, source.metadata.num_rows + 1))
    cells = tuple(zip(*columns, strict=True))
    return Table(file.name, file.file.sha256, names, lines, cells, parser, kinds, unusable)


def _value_type(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind))


def _cells(file: TableFile, metadata: Any, used: list[str], texts: set[str]) -> dict[str, list[str]]:
    """Return the cells of columns; repeated strings are stored only once.

    Args:
        file: the file.
        metadata: the ``pyarrow.parquet.FileMetaData`` of the file.
        used: the names of the columns to read.
        texts: the columns among them that hold text.

    Raises:
        TrainingDataError: the columns are too large.
        ActivationError: the file is damaged.
    """
    selected = frozenset(used)
    try:
        chunks = column_chunks(file.file.duplicate(), metadata)
        wanted = [chunk for chunk in chunks if chunk.name in selected]
    except DamagedStruct as error:
        raise damaged(file.name, error) from None
    if sum(chunk.size for chunk in wanted) > _MOST_BYTES:
        raise _too_large(file.name)
    delta = [chunk for chunk in wanted if chunk.delta and chunk.name in texts]
    rows = max(1, min([_ROWS, *(_MOST_BYTES // max(1, chunk.size) for chunk in delta)]))
    dictionaries = texts - {chunk.name for chunk in delta}
    cells: dict[str, list[str]] = {name: [] for name in used}
    known: dict[str, str] = {}
    total = 0
    try:
        for batch in buffered(file.file, sorted(dictionaries)).iter_batches(
            rows, columns=used, use_threads=False
        ):
            total += sum(_text_size(batch.column(name)) for name in texts)
            if total > _MOST_BYTES:
                raise _too_large(file.name)
            for name in used:
                found = map(cell_text, batch.column(name).to_pylist())
                cells[name] += [known.setdefault(text, text) for text in found] if name in texts else found
    except (pa.ArrowException, OSError) as error:
        raise damaged(file.name, error) from None
    return cells


def _text_size(column: Any) -> int:
    """Return the total size of all strings of a column in bytes, including repetitions."""
    if pa.types.is_boolean(column.type):
        return 0
    if not pa.types.is_dictionary(column.type):
        return int(compute.sum(compute.binary_length(column)).as_py() or 0)
    lengths = compute.binary_length(column.dictionary)
    return int(compute.sum(lengths.take(column.indices)).as_py() or 0)


def _too_large(name: str) -> TrainingDataError:
    return TrainingDataError(
        f"{name} is too large for training: the limit is {_MOST_BYTES:,} bytes of uncompressed values.",
        hint="Use a random sample of the rows, or remove columns.",
    )
