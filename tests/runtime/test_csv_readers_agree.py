"""With and without pyarrow, a CSV file gives the same numbers, errors and rejected rows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pybrain_runtime import Knowledge, StreamOptions, activate_file, read_activation
from pybrain_runtime.activation import table_schema
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.input_file import BLOCK
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.csv.reader import CsvReader
from pybrain_runtime.tables.table_file import TableFile

pytestmark = pytest.mark.slow

FILES = 6_000
SMALL = (16, 50, 333)
MORE_THAN_A_BLOCK = f"{1:010};{2:010}\n" * 60_000
NUMBERS_LIKE = (
    "", "  ", "nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400", "1e309", "1_000", "+3", "4.", ".5",
    "-.5", "1.e5", "1.5e+05", "1E5", "-", "+", ".", "1e", "1e+", "e5", "0x10", "0x1p3", "1d5", "1.5f", "--1", "+-1",
    "1 2", "1 000", "1'000", "1,000", "1.000,5", "7,5", "00012", "-0", "-0.0", "\u0661", "\uff11", "1\u00a0", "\u20031",
    "4.9406564584124654e-324", "1.7976931348623157e308", "9" * 400, "0" * 300 + "1", "1" + "0" * 3_000, "1%", "$1",
    "0.1000000000000000055511151231257827021181583404541015625", "1\x0b", "1\x0c", "\x1c1", "1\x85", "1\ufeff",
)  # fmt: skip
WORDS = (
    "x", "NULL", "null", "NA", "n/a", "true", "#", "# 1", "\u00e4", "\ufeff1", "'1'", "1;2", "1\t2", "(1)", "\\1",
    "a\\", "a" * 5_000,
)  # fmt: skip
QUOTED = (
    '"6"', '"7', '""8', '"9"0', ' "1"', '"1" ', '"1""', '""', '"', '"""', '"7,5"', '"a,b"', '"a;b"', 'a"b', '"a""b"',
    '"a\nb"', '"1\r\n"', '" 1 "', '"\u00e4"',
)  # fmt: skip
BYTES = (
    b"\xe4",
    b"\xff1",
    b"1\xa0",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\x1a",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf1",
    b"1\x00",
)
CHOICES = (
    (None, None), (None, None), (["a"], None), (["b"], None), (["a"], ["b"]), (["a"], ["a"]), (["c"], ["a"]),
    (["1"], ["2"]),
)  # fmt: skip


class Cut:
    """The content of a file in blocks of any size, as the CSV readers use it."""

    name = "a.csv"

    def __init__(self, content: bytes, size: int) -> None:
        self._content = content
        self._size = size

    def blocks(self) -> Iterator[bytes]:
        """Yield the content."""
        for start in range(0, len(self._content), self._size):
            yield self._content[start : start + self._size]


def cell(chance: random.Random, odd: float) -> bytes:
    if chance.random() >= odd:
        numbers = (
            chance.uniform(-9, 9),
            chance.randrange(-99, 999),
            chance.gauss(0, 1) * 10.0 ** chance.randrange(-300, 300),
        )
        return repr(chance.choice(numbers)).encode()
    if chance.random() < 0.12:
        return chance.choice(BYTES)
    return chance.choice(chance.choice((NUMBERS_LIKE, NUMBERS_LIKE, WORDS, QUOTED))).encode()


def line(chance: random.Random, width: int, mark: bytes, odd: float, *, quoted: bool) -> bytes:
    count = width if chance.random() > 0.02 else chance.choice((0, width - 1, width + 1))
    cells = [cell(chance, odd) for _ in range(count)] + ([b""] if chance.random() < 0.02 else [])
    if quoted:
        cells = [b'"' + content + b'"' if chance.random() < 0.5 else content for content in cells]
    content = mark.join(cells)
    if mark == b";" and chance.random() < 0.5:
        content = content.replace(b".", b",")
    names = mark.join((b"a", b"b", b"c", b"d", b"e")[:width])
    return chance.choice((b"", b"   ", b"# comment", names)) if chance.random() < 0.03 else content


def table(chance: random.Random) -> bytes:
    """Generate a valid or damaged table."""
    width, mark = chance.choice((1, 2, 2, 3, 5)), chance.choice((b",", b",", b";", b"\t"))
    odd, quoted = chance.choice((0.0, 0.0, 0.02, 0.1, 0.3)), chance.random() < 0.2
    lines = [line(chance, width, mark, odd, quoted=quoted) for _ in range(chance.choice((1, 2, 5, 20, 60)))]
    if chance.random() < 0.7:
        names = chance.choice(((b"a", b"b", b"c", b"d", b"e"), (b"1", b"2", b"3", b"4", b"5")))
        lines.insert(0, mark.join(names[:width]))
    ends = chance.choice(
        ((b"\n",), (b"\n",), (b"\r\n",), (b"\r",), (b"\n\n",), (b"\n\r",), (b"\n", b"\r\n", b"\r"))
    )
    content = b"".join(content + chance.choice(ends) for content in lines)
    if chance.random() < 0.3:
        content = content.rstrip(b"\r\n")
    content += chance.choice((b"", b"", b"", b"", b"\n\n", b" \n", b"\t", b"\x1a"))
    return (b"\xef\xbb\xbf" if chance.random() < 0.1 else b"") + content


def found(
    content: bytes, knowledge: Knowledge, choice: tuple[Any, Any], *, fast: bool, skip: bool, size: int
) -> dict[str, object]:
    """Read a table in blocks of a given size; return the bytes of the numbers, or the error and its location."""
    try:
        file: Any = Cut(content, size)
        reader = CsvReader(
            file, ColumnSelector("a.csv", table_schema(knowledge), *choice), skip=skip, fast=fast
        )
        rows = [reader.parse(chunk) for chunk in reader.chunks()]
    except ActivationError as error:
        place = error.line, error.column
        return {"text": str(error), "place": place}
    return {
        "inputs": b"".join(part.inputs.tobytes() for part in rows),
        "targets": b"".join(b"" if part.targets is None else part.targets.tobytes() for part in rows),
        "rejected": [(row.line, row.reason, row.text) for part in rows for row in part.rejected],
        "blank": [(part.first, part.blank) for part in rows],
        "layout": reader.columns,
    }


@pytest.mark.parametrize("group", range(6))
def test_both_parsers_agree_on_thousands_of_tables(group: int, line: Knowledge) -> None:
    counted = {True: 0, False: 0}
    for seed in range(group * FILES // 6, (group + 1) * FILES // 6):
        chance = random.Random(seed)
        content, choice, skip = table(chance), chance.choice(CHOICES), chance.random() < 0.3
        for size in (BLOCK, chance.choice(SMALL)):
            plain, fast = (
                found(content, line, choice, fast=fast, skip=skip, size=size) for fast in (False, True)
            )
            assert fast == plain, f"seed {seed}, blocks of {size} bytes"
            counted["inputs" in plain] += 1
    assert min(counted.values()) > FILES // 60  # the tables are neither all right nor all wrong


ODD_FILES = {
    "a byte of Latin-1 in a column that is not used": (
        b"note,x\nM\xfcller,0.5\n",
        "a.csv line 2 is not UTF-8: byte 0xfc at position 2 of the line.",
    ),
    "half a character in a column that is not used": (
        b"note,x\nM\xc3,0.5\n",
        "a.csv line 2 is not UTF-8: byte 0xc3 at position 2 of the line.",
    ),
    "a byte order mark where the rows begin": (
        b"x\n\xef\xbb\xbf0.5\n",
        "a.csv line 2, column 1 (x): '\\ufeff0.5' is not a number.",
    ),
    "an open quote in a column that is not used": (
        b'note,x\n"M,0.5\n',
        "a.csv line 2 has a quoted cell that does not end in its line (unexpected end of data).",
    ),
}


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
@pytest.mark.parametrize("case", ODD_FILES)
def test_both_parsers_raise_the_same_errors(case: str, fast: bool, tmp_path: Path, line: Knowledge) -> None:
    content, message = ODD_FILES[case]
    (tmp_path / "a.csv").write_bytes(content)
    options = StreamOptions(input_columns=["x"], fast=fast)
    with pytest.raises(ActivationError) as caught:
        activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options)
    assert caught.value.message == message
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
def test_both_parsers_read_a_long_quoted_cell(fast: bool, tmp_path: Path, line: Knowledge) -> None:
    (tmp_path / "a.csv").write_text(f'x,note\n0.5,"{"a," * 100_000}"\n')
    options = StreamOptions(input_columns=["x"], fast=fast)
    assert activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options).prediction.rows == 1


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_error_is_reported_for_any_number_of_threads(
    threads: int, tmp_path: Path, line: Knowledge
) -> None:
    rows = [b"0.123456789"] * (3 * BLOCK // 12)
    rows[10] = b"zehn"
    rows[2 * BLOCK // 12] = b"1\x00"
    (tmp_path / "a.csv").write_bytes(b"\n".join(rows))
    for fast in (False, True):
        with pytest.raises(ActivationError, match="line 11, column 1: 'zehn' is not a number"):
            activate_file(
                line, tmp_path / "a.csv", tmp_path / "p.csv", StreamOptions(fast=fast, threads=threads)
            )


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
def test_a_row_equal_to_a_numeric_header_is_data(fast: bool, tmp_path: Path, line: Knowledge) -> None:
    for odd in ("", "# no number\n"):
        (tmp_path / "a.csv").write_text(f"1,2\n3,4\n1,2\n{odd}")
        options = StreamOptions(input_columns=["1"], target_columns=["2"], fast=fast, skip=True)
        done = activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options)
        assert (done.prediction.rows, done.rejected) == (2, 1 if odd else 0)


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
def test_a_column_may_be_input_and_expected_output(fast: bool, tmp_path: Path, line: Knowledge) -> None:
    (tmp_path / "a.csv").write_text("x,y\n0.5,1\n")
    options = StreamOptions(input_columns=["x"], target_columns=["x"], fast=fast)
    activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options)
    header, row = (text.split(",") for text in (tmp_path / "p.csv").read_text().splitlines())
    assert (
        dict(zip(header, row, strict=True))["x"] == dict(zip(header, row, strict=True))["expected"] == "0.5"
    )


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
def test_thousands_separators_are_not_read_as_decimal_commas(
    fast: bool, tmp_path: Path, line: Knowledge
) -> None:
    options = StreamOptions(fast=fast)
    (tmp_path / "a.csv").write_text("1.5;2,5\n12.75;0,1\n0.125;1,5\n")
    assert activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options).prediction.rows == 3
    for cell in ("1.234", "-12.345", "1.234.567"):
        (tmp_path / "a.csv").write_text(f"1,5;2,5\n{cell};2,5\n")
        with pytest.raises(ActivationError) as caught:
            activate_file(line, tmp_path / "a.csv", tmp_path / "q.csv", options)
        assert caught.value.message == (
            f"a.csv line 2, column 1: '{cell}' may have a thousands separator or a decimal point, "
            "as the row has decimal commas."
        )
    (tmp_path / "a.csv").write_text("1.234;2.5\n")
    assert activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options).prediction.rows == 1


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(
    ("content", "where"),
    [
        (
            "0,5;1,5\n1.234;2\n",
            "line 2, column 1: '1.234' may have a thousands separator or a decimal point, as line 1",
        ),
        (
            "a;b\n1.234;2\n7;8\n0,5;1,5\n",
            "line 2, column 1 (a): '1.234' may have a thousands separator or a decimal point, as line 4",
        ),
        ("2;1.234.567\n0,5;1,5\n" + MORE_THAN_A_BLOCK, "line 1, column 2: '1.234.567'"),
        ("0,5;1,5\n" + MORE_THAN_A_BLOCK + '"1.234";2\n', "line 60002, column 1: '1.234' may have"),
    ],
)
def test_thousands_separators_in_some_rows_are_not_read_as_decimal_commas(
    content: str, where: str, skip: bool, fast: bool, tmp_path: Path, line: Knowledge
) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(ActivationError) as caught:
        activate_file(line, tmp_path / "a.csv", tmp_path / "q.csv", StreamOptions(fast=fast, skip=skip))
    assert caught.value.message.startswith(f"a.csv {where}")


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "pyarrow"])
def test_commas_in_unused_columns_are_not_decimal_commas(fast: bool, tmp_path: Path, line: Knowledge) -> None:
    (tmp_path / "a.csv").write_text("x;who\n1.234;Smith, John\n2.5;1,5\n")
    options = StreamOptions(fast=fast, input_columns=["x"])
    assert activate_file(line, tmp_path / "a.csv", tmp_path / "p.csv", options).prediction.rows == 2


def test_the_test_double_has_the_attributes_of_a_table_file(tmp_path: Path, line: Knowledge) -> None:
    """The test double has the attributes of `TableFile` that the readers use."""
    (tmp_path / "a.csv").write_text("0.5\n")
    file = TableFile(tmp_path / "a.csv")
    assert file.name == Cut.name and b"".join(file.blocks()) == b"0.5\n"
    file.close()
    assert read_activation(tmp_path / "a.csv", line).rows == 1
