"""Read a table from JSON lines: one object per line, all with the same keys."""

from __future__ import annotations

from pybrain_runtime.tables.formats.json.rows import JsonRows
from pybrain_runtime.tables.table_file import TableFile
from training.rows.header import check_names, check_size, no_names
from training.rows.table import Table
from training.rows.typed_cells import TypedParser, cell_text, kind_of


def json_table(file: TableFile, lines: list[tuple[int, bytes]]) -> Table:
    """Parse a table.

    Args:
        file: the file.
        lines: the lines that are not blank, with their line numbers.

    Raises:
        MissingHeader: the lines are arrays, which have no names.
        ActivationError: a line is not valid JSON, or its keys differ from those of the first line.
        TrainingDataError: a name is not valid.
    """
    rows = JsonRows(file.name, "an object with a number or text for each name")
    rows.begin(*lines[0])
    if not rows.header:
        raise no_names(file.name, lines[0][0])
    check_size(file.name, len(lines), len(rows.header))
    check_names(file.name, rows.header)
    numbers = tuple(number for number, _ in lines)
    values = [rows.values(number, rows.parsed(number, line)) for number, line in lines]
    parser = TypedParser(file.name, rows.header, "line")
    kinds, unusable = {}, {}
    for place, name in enumerate(rows.header):
        column = ((number, row[place]) for number, row in zip(numbers, values, strict=True))
        kinds[name], wrong = kind_of(column, f"{file.name}, {parser.column_label(place)}")
        if wrong:
            unusable[name] = wrong
    cells = tuple(tuple(map(cell_text, row)) for row in values)
    return Table(file.name, file.file.sha256, rows.header, numbers, cells, parser, kinds, unusable)
