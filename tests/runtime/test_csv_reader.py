"""The CSV reader: accepted files, and the message for each error."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybrain_runtime import Activation, ActivationStream, Knowledge, load_knowledge, read_activation
from pybrain_runtime.activation import table_schema
from pybrain_runtime.container.advice import advice_for, with_advice
from pybrain_runtime.errors import ActivationError, InputMissing
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.csv.cells import CellParser

FIXTURES = Path(__file__).parents[1] / "fixtures"
HEADER = "sepal_length,sepal_width,petal_length,petal_width"
ROW = "5.8,2.7,5.1,1.9"

Written = Callable[..., Path]


@pytest.fixture
def read(written: Written, flower: Knowledge) -> Callable[..., Activation]:
    def read(content: bytes | str, knowledge: Knowledge = flower, **choice: Any) -> Activation:
        return read_activation(written(content, "activation_data.csv"), knowledge, **choice)

    return read


@pytest.fixture
def mistake(read: Callable[..., Activation]) -> Callable[..., str]:
    def mistake(content: bytes | str, *args: Knowledge, **choice: Any) -> str:
        with pytest.raises(ActivationError) as caught:
            read(content, *args, **choice)
        assert caught.value.status == 65
        return with_advice(caught.value, advice_for(caught.value))

    return mistake


# What is accepted.

ACCEPTED = {
    "with a header": f"{HEADER}\n{ROW}\n",
    "without a header": f"{ROW}\n",
    "without a last line end": f"{HEADER}\n{ROW}",
    "with a byte order mark": b"\xef\xbb\xbf" + f"{HEADER}\n{ROW}\n".encode(),
    "with a mark and no header": b"\xef\xbb\xbf" + f"{ROW}\n".encode(),
    "with CRLF": f"{HEADER}\r\n{ROW}\r\n",
    "with CR alone": f"{HEADER}\r{ROW}\r",
    "with a blank last line": f"{HEADER}\n{ROW}\n\n",
    "with several blank last lines": f"{HEADER}\n{ROW}\n\n  \n\r\n",
    "with semicolons": f"{HEADER}\n{ROW}\n".replace(",", ";"),
    "with semicolons and decimal commas": f"{HEADER}\n{ROW}\n".replace(",", ";").replace(".", ","),
    "with tabs": f"{HEADER}\n{ROW}\n".replace(",", "\t"),
    "with blanks around": f" {HEADER} \n {ROW.replace(',', ' , ')} \n",
    "with quotes": '"sepal_length","sepal_width","petal_length","petal_width"\n"5.8","2.7",5.1,"1.9"\n',
    "in scientific notation": "58e-1,.27E+1,+5.1,1.9e0\n",
}
ACCEPTED_WITH_OTHER_NAMES = {
    "with a delimiter in a quoted name": '"a,b";"c;d";e;f\n5,8;2,7;5,1;1,9\n',
    "with other delimiters in the header": "a;b,c,d,e\n5.8,2.7,5.1,1.9\n".replace("a;b", "a;b"),
    "with umlauts in the header": "Länge,Breite,länge,breite\n5.8,2.7,5.1,1.9\n",
}


@pytest.mark.parametrize("case", [*ACCEPTED, *ACCEPTED_WITH_OTHER_NAMES])
def test_accepted_csv_dialects_give_the_same_row(
    case: str, read: Callable[..., Activation], flower: Knowledge
) -> None:
    if case in ACCEPTED:
        activation = read(ACCEPTED[case])
    else:
        activation = read(ACCEPTED_WITH_OTHER_NAMES[case], flower.replace(card=None))
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]
    assert activation.inputs.dtype == np.float64
    assert activation.targets is None
    assert (activation.rows, activation.columns) == (1, 4)


def test_the_header_names_the_inputs(read: Callable[..., Activation]) -> None:
    assert read(f"{HEADER}\n{ROW}\n").input_names == tuple(HEADER.split(","))
    assert read(f"{ROW}\n").input_names == ()


def test_columns_after_the_inputs_are_the_expected_outputs(read: Callable[..., Activation]) -> None:
    activation = read(f"{ROW},0,0,1\n{ROW},1,0,0\n")
    assert activation.targets is not None
    assert activation.targets.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert activation.columns == 7


def test_the_course_file_is_one_input_and_one_expected_output(
    read: Callable[..., Activation], line: Knowledge
) -> None:
    activation = read("x,y\n0.5,0.25\n", line)
    assert activation.inputs.tolist() == [[0.5]]
    assert activation.targets is not None and activation.targets.tolist() == [[0.25]]


def test_a_single_column_needs_no_delimiter(read: Callable[..., Activation], line: Knowledge) -> None:
    assert read("x\n0.5\n-1\n", line).inputs.tolist() == [[0.5], [-1.0]]
    assert read("0.5\n-1\n", line).inputs.tolist() == [[0.5], [-1.0]]


def test_the_file_is_hashed_while_it_is_read(written: Written, flower: Knowledge) -> None:
    content = f"{HEADER}\n" + f"{ROW}\n" * 50_000
    path = written(content, "a.csv")
    activation = read_activation(path, flower)
    assert activation.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert (activation.size, activation.rows) == (len(content), 50_000)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_endings_at_block_boundaries_are_recognized(end: str, written: Written, line: Knowledge) -> None:
    for shift in range(4):
        content = "0" * shift + "1" + end + f"{7}{end}" * 140_000
        activation = read_activation(written(content, "a.csv"), line)
        assert activation.rows == 140_001
        assert (activation.inputs[1:] == 7).all()


@pytest.mark.slow
def test_a_stream_gives_the_same_rows_in_chunks(written: Written, flower: Knowledge) -> None:
    rows = np.random.default_rng(5).normal(size=(20_000, 7))
    content = "\n".join(",".join(map(repr, row)) for row in rows.tolist())
    with ActivationStream(written(content, "a.csv"), flower) as stream:
        chunks = [(inputs, targets) for inputs, targets in stream]
    assert len(chunks) > 1
    assert stream.rows == 20_000
    assert (np.concatenate([chunk[0] for chunk in chunks]) == rows[:, :4]).all()
    assert (np.concatenate([chunk[1] for chunk in chunks if chunk[1] is not None]) == rows[:, 4:]).all()


def test_a_link_to_an_activation_is_followed(tmp_path: Path, written: Written, flower: Knowledge) -> None:
    (tmp_path / "link.csv").symlink_to(written(f"{ROW}\n", "real.csv"))
    assert read_activation(tmp_path / "link.csv", flower).rows == 1


# Columns by name.

TABLE = f"id,species,{HEADER},s,ve,vi\na1,setosa,{ROW},1,0,0\na2,unknown,{ROW},0,0,1\n"
NAMED = {"input_columns": HEADER.split(",")}


def test_columns_are_chosen_by_name_and_others_may_hold_text(read: Callable[..., Activation]) -> None:
    activation = read(TABLE, **NAMED)
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]] * 2
    assert activation.targets is None
    assert activation.columns == 9
    assert activation.input_names == tuple(HEADER.split(","))


def test_columns_are_selected_in_the_order_of_the_names(read: Callable[..., Activation]) -> None:
    activation = read(
        TABLE,
        input_columns=HEADER.split(",")[::-1],
        target_columns=["vi", "ve", "s"],
        ignore_card_names=True,
    )
    assert activation.inputs.tolist() == [[1.9, 5.1, 2.7, 5.8]] * 2
    assert activation.targets is not None and activation.targets.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_with_only_targets_selected_the_other_columns_are_inputs(read: Callable[..., Activation]) -> None:
    activation = read(f"s,v,w,{HEADER}\n1,2,3,{ROW}\n", target_columns=["s", "v", "w"])
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]


def test_an_unknown_name_is_an_error_that_lists_the_columns(mistake: Callable[..., str]) -> None:
    message = mistake(TABLE, input_columns=["sepal_length", "sepal width", "petal_length", "petal_width"])
    assert "'sepal width' is chosen as an input, but activation_data.csv has no such column." in message
    assert "The columns are: id, species, sepal_length, sepal_width, petal_length" in message


def test_a_repeated_name_is_refused(mistake: Callable[..., str]) -> None:
    message = mistake("a,a,b,c,d\n1,2,3,4,5\n", input_columns=["a", "b", "c", "d"])
    assert "'a' is chosen as an input, but activation_data.csv has several columns of this name" in message


def test_too_few_names_are_counted(mistake: Callable[..., str]) -> None:
    message = mistake(TABLE, input_columns=["sepal_length"])
    assert "The choice of columns gives 1 column of activation_data.csv as inputs; the network in " in message
    assert "currentSolution.pkl has 4 inputs." in message
    message = mistake(TABLE, target_columns=["s"], **NAMED)
    assert "gives 1 column of activation_data.csv as outputs" in message and "has 3 outputs" in message


def test_names_without_a_header_are_refused(mistake: Callable[..., str]) -> None:
    message = mistake(f"{ROW}\n", **NAMED)
    assert "activation_data.csv has no header, so that columns cannot be chosen by name." in message


def test_text_in_a_chosen_column_is_reported(mistake: Callable[..., str]) -> None:
    message = mistake(TABLE.replace(f"unknown,{ROW}", "unknown,5.8,x,5.1,1.9"), **NAMED)
    assert "activation_data.csv line 3, column 4 (sepal_width): 'x' is not a number." in message


def test_inputs_in_an_order_other_than_the_cards_are_not_accepted_silently(
    mistake: Callable[..., str],
) -> None:
    message = mistake(f"sepal_width,sepal_length,petal_length,petal_width\n{ROW}\n")
    assert "activation_data.csv has the inputs in a different order" in message
    assert f"Set INPUT_COLUMNS={HEADER}" in message


# Mistakes.


def test_a_wrong_number_of_columns_is_reported_with_the_expected_number(mistake: Callable[..., str]) -> None:
    message = mistake("1,2,3,4,5,6,7,8,9,10,11,12\n")
    assert message.startswith(
        "activation_data.csv line 1 has 12 columns; the network in currentSolution.pkl takes 4."
    )
    assert "With the expected outputs after the inputs it would be 7." in message
    assert "Use matching rows (with Compose: DATA_PATH=./ROWS.csv docker-compose up)" in message


def test_a_shorter_row_is_reported_with_its_line(mistake: Callable[..., str]) -> None:
    message = mistake(f"{HEADER}\n{ROW}\n1,2,3\n")
    assert "activation_data.csv line 3 has 3 columns; the network in currentSolution.pkl takes 4." in message


def test_rows_of_different_length_are_not_merged(mistake: Callable[..., str]) -> None:
    assert "line 2 has 5 columns" in mistake("1,2,3,4\n1,2,3,4,5\n1,2,3\n")


def test_a_row_without_expected_outputs_is_reported(mistake: Callable[..., str]) -> None:
    message = mistake(f"{ROW},1,0,0\n{ROW}\n")
    assert "activation_data.csv line 2 has 4 columns; the lines before it have 7." in message


CELLS = {
    "": "the cell is empty",
    "  ": "the cell is empty",
    "abc": "'abc' is not a number",
    "nan": "'nan' is not a finite number",
    "NaN": "'NaN' is not a finite number",
    "inf": "'inf' is not a finite number",
    "-Infinity": "'-Infinity' is not a finite number",
    "1e999": "'1e999' is out of float64 range",
    "1_000": "'1_000' is not a number",
    "0x10": "'0x10' is not a number",
    "1 2": "'1 2' is not a number",
    "١٢": "'١٢' is not a number",
    "1e": "'1e' is not a number",
    "--1": "'--1' is not a number",
    "#N/A": "'#N/A' is not a finite number",
    "\x1b[31m": "'\\x1b[31m' is not a number",
    "x" * 5_000: "'" + "x" * 40 + "...' is not a number",
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("row", [0, 1, 40])
def test_a_non_numeric_cell_is_reported_with_line_and_column(
    cell: str, row: int, mistake: Callable[..., str]
) -> None:
    lines = [HEADER] + [ROW] * 41
    lines[1 + row] = f"5.8,2.7,{cell},1.9"
    message = mistake("\n".join(lines))
    assert f"activation_data.csv line {row + 2}, column 3 (petal_length): {CELLS[cell]}." in message


@pytest.mark.parametrize("cell", ["", "nan", "inf", "NaN"])
def test_a_first_row_of_numbers_with_one_error_is_not_a_header(
    cell: str, mistake: Callable[..., str]
) -> None:
    assert "activation_data.csv line 1, column 2: " in mistake(f"5.8,{cell},5.1,1.9\n{ROW}\n")


def test_a_decimal_comma_without_semicolons_is_explained(mistake: Callable[..., str]) -> None:
    message = mistake(f"{HEADER}\n{ROW}\n".replace(",", "\t").replace("2.7", "2,7"))
    assert "line 2, column 2 (sepal_width): '2,7' is not a number." in message
    assert "With a decimal comma, separate the cells by semicolons." in message


@pytest.mark.parametrize("cell", ["1.234,5", "1,234,567", ","])
def test_thousands_separators_are_not_guessed(cell: str, mistake: Callable[..., str]) -> None:
    assert f"'{cell}' is not a number" in mistake(f"1;2;3;4\n1;2;3;{cell}\n")


def test_a_repeated_header_is_an_error(mistake: Callable[..., str]) -> None:
    message = mistake(f"{HEADER}\n{ROW}\n{ROW}\n{HEADER}\n{ROW}\n")
    assert "activation_data.csv line 4 repeats the header." in message


def test_a_blank_line_before_more_rows_is_reported(mistake: Callable[..., str]) -> None:
    assert "activation_data.csv line 3 is blank, and rows follow it." in mistake(
        f"{HEADER}\n{ROW}\n\n\n{ROW}\n"
    )


@pytest.mark.slow
def test_a_blank_line_at_the_end_of_one_batch_is_remembered(written: Written, line: Knowledge) -> None:
    content = "0.5\n" * 65_535 + "\n\n\n" + "0.5\n" * 100_000
    with pytest.raises(ActivationError, match="line 65536 is blank, and rows follow it"):
        read_activation(written(content, "a.csv"), line)


@pytest.mark.parametrize("content", ["", "\n", "\r\n\r\n", "   \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(content: str | bytes, mistake: Callable[..., str]) -> None:
    assert mistake(content).startswith("activation_data.csv is empty.")


@pytest.mark.parametrize("content", [HEADER, f"{HEADER}\n", f"{HEADER}\r\n\r\n"])
def test_a_header_without_rows_is_an_error(content: str, mistake: Callable[..., str]) -> None:
    assert mistake(content).startswith("activation_data.csv has a header and no rows.")


def test_invalid_utf8_is_reported_with_its_line(mistake: Callable[..., str]) -> None:
    assert "activation_data.csv line 1 is not UTF-8: byte 0xe4 at position 2 of the line." in mistake(
        f"L\u00e4nge,b,c,d\n{ROW}\n".encode("latin1")
    )
    assert "line 3 is not UTF-8: byte 0xe4" in mistake(f"{ROW}\n{ROW}\n1,2,\u00e4,4\n".encode("latin1"))


KINDS = {
    b"\xff\xfe1\x00,\x002\x00": "is UTF-16 text",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook",
    b"\x80\x04\x95pickle": "is a pickle",
}


@pytest.mark.parametrize("start", KINDS)
def test_other_file_types_are_recognized(start: bytes, mistake: Callable[..., str]) -> None:
    assert mistake(start).startswith(f"activation_data.csv {KINDS[start]}, not a CSV file in UTF-8.")


def test_a_nul_byte_is_reported_with_its_line(mistake: Callable[..., str]) -> None:
    assert "activation_data.csv line 3 holds a NUL byte" in mistake(f"{HEADER}\n{ROW}\n1,2\x00,3,4\n")


def test_a_very_long_line_is_refused_without_reading_all_of_it(tmp_path: Path, flower: Knowledge) -> None:
    import tracemalloc

    path = tmp_path / "activation_data.csv"
    with path.open("wb") as file:
        file.write(f"{HEADER}\n{ROW}\n".encode())
        file.seek(100_000_000)
        file.write(b"1\n")
    # Not sparse zeros but text, written once in a block that is repeated.
    with path.open("r+b") as file:
        file.seek(len(f"{HEADER}\n{ROW}\n"))
        for _ in range(100):
            file.write(b"1," * 500_000)
    tracemalloc.start()
    with pytest.raises(ActivationError, match="line 3 exceeds the limit of 1,048,576 bytes for a line"):
        read_activation(path, flower)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("content", ['5.8,"2.7,5.1,1.9\n', f'{HEADER}\n5.8,"2.7"x,5.1,1.9\n'])
def test_an_unclosed_quote_is_reported_with_its_line(content: str, mistake: Callable[..., str]) -> None:
    line = content.count("\n")
    assert f"activation_data.csv line {line} has a quoted cell that does not end in its line" in mistake(
        content
    )


def test_a_missing_file_raises_input_missing(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(InputMissing, match=r"The activation file .*nope\.csv was not found") as caught:
        read_activation(tmp_path / "nope.csv", flower)
    assert caught.value.status == 66


def test_a_directory_is_an_error(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(InputMissing, match="is a directory"):
        read_activation(tmp_path, flower)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path, flower: Knowledge) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputMissing, match="is not a regular file"):
        read_activation(tmp_path / "pipe.csv", flower)


@pytest.mark.skipif(os.name == "nt", reason="no modes there")
def test_an_unreadable_file_is_reported(
    written: Written, flower: Knowledge, ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    path = written(f"{ROW}\n", "a.csv")
    path.chmod(0)
    with ordinary_user(), pytest.raises(InputMissing, match="cannot be read: permission denied"):
        read_activation(path, flower)


# The fast way and the careful way agree.

NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(repr)
ODD = st.sampled_from(
    ["", " ", "nan", "1e999", "1_0", "x", " 2 ", "+3", "4.", ".5", '"6"', "7,5", "1e5", "\u0661"]
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.one_of(NUMBERS, NUMBERS, ODD), min_size=1, max_size=4), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
)
def test_bulk_and_cell_by_cell_parsing_agree(rows: list[list[str]], delimiter: str) -> None:
    width = len(rows[0])
    lines = [delimiter.join(row).encode() for row in rows]
    table = CellParser("a.csv", delimiter)
    found = table.parse_plain(lines, width)
    if found is None:
        return
    careful = [[table.number(cell, 1, 0) for cell in table.cells(1, table.text(1, raw))] for raw in lines]
    assert found.tolist() == careful


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_give_rows_or_one_error_type(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("noise") / "a.csv"
    path.write_bytes(noise)
    line = load_knowledge(FIXTURES / "default/course/currentSolution.pkl")
    try:
        activation = read_activation(path, line)
    except ActivationError as error:
        assert str(error).startswith("a.csv ")
        return
    assert np.isfinite(activation.inputs).all() and activation.rows > 0


def test_by_default_columns_are_selected_by_position(flower: Knowledge) -> None:
    columns = ColumnSelector("a.csv", table_schema(flower)).select(7, (), 1)
    assert (columns.inputs, columns.targets, columns.chosen) == ((0, 1, 2, 3), (4, 5, 6), False)


# Tables that other programs write.


def test_a_blank_first_line_is_an_error(mistake: Callable[..., str]) -> None:
    assert "activation_data.csv line 1 is blank; expected a header or a row." in mistake("\n1,2,3,4\n")


@pytest.mark.parametrize(
    ("note", "row"), [("sep=;", "5,8;2,7;5,1;1,9"), ('"sep=,"', ROW), ("SEP=\t", ROW.replace(",", "\t"))]
)
@pytest.mark.parametrize("header", ["", HEADER])
def test_excels_sep_line_names_the_delimiter(
    note: str, row: str, header: str, written: Written, flower: Knowledge
) -> None:
    mark = "," if note == '"sep=,"' else note[-1]
    lines = [note, *([header.replace(",", mark)] if header else []), row, row]
    for end in ("\n", "\r\n"):
        found = read_activation(written(end.join(lines) + end, "activation_data.csv"), flower)
        assert found.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]] * 2
        assert found.input_names == tuple(header.split(",") if header else ())


def test_errors_below_a_sep_line_have_the_numbers_of_an_editor(mistake: Callable[..., str]) -> None:
    assert "line 4, column 2 (sepal_width): 'x' is not" in mistake(f"sep=,\n{HEADER}\n{ROW}\n1,x,3,4\n")
    assert "line 2 has 3 columns" in mistake("sep=;\n1;2;3\n")
    assert "line 1 names the delimiter '|'" in mistake("sep=|\n1|2|3|4\n")
    assert "has no rows after its line sep=;" in mistake("sep=;\n")
    assert "line 2 is blank" in mistake("sep=;\n\n1;2;3;4\n")


@pytest.mark.parametrize(
    ("line", "mark"),
    [("1 2 3 4", "spaces"), ("1|2|3|4", "vertical bars"), ("a;b;c;d\n1,2,3,4", "semicolons")],
)
def test_unsupported_separators_are_reported(line: str, mark: str, mistake: Callable[..., str]) -> None:
    message = mistake(f"{line}\n")
    assert f"The cells of line 1 seem to be separated by {mark}." in message
