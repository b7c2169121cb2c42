"""A table from Parquet. Needs pyarrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from pybrain_runtime.tables.formats.parquet_reader import damaged, is_number, opened
from pybrain_runtime.tables.table_file import TableFile
from training.errors import TrainingDataError
from training.rows.header import check_names, check_size
from training.rows.table import Table
from training.rows.typed_cells import TypedParser, cell_text


def parquet_table(file: TableFile) -> Table:
    """Return the table.

    Args:
        file: the file.

    Raises:
        ActivationError: it is damaged.
        TrainingDataError: it has no rows, or a name cannot be used.
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
    try:
        read = source.read(columns=used, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise damaged(file.name, error) from None
    blank = ("",) * source.metadata.num_rows
    columns = [_cells(read.column(name)) if name in used else blank for name in names]
    lines = tuple(range(1, source.metadata.num_rows + 1))
    cells = tuple(zip(*columns, strict=True))
    return Table(file.name, file.file.sha256, names, lines, cells, parser, kinds, unusable)


def _value_type(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind))


def _cells(column: Any) -> tuple[str, ...]:
    return tuple(cell_text(value) for value in column.to_pylist())
