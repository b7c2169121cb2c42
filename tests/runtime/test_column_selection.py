"""Column selection: one rule for CSV, JSON lines and Parquet, and the selected columns are reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from pybrain_runtime import Activation, Knowledge, StreamOptions, activate_file, read_activation
from pybrain_runtime.container.advice import advice_for, with_advice
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.network.model_card import Card, Column

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
OUTPUTS = ["setosa", "versicolor", "virginica"]
CARD = ", ".join(NAMES)
ROW = dict(zip([*NAMES, *OUTPUTS], [5.8, 2.7, 5.1, 1.9, 0.0, 0.0, 1.0], strict=True))
IGNORE = "To ignore the names of the card, set IGNORE_CARD_NAMES=1."

Given = list[tuple[str, object]]
Read = Callable[..., Activation]


def as_csv(path: Path, columns: Given) -> None:
    rows = (",".join(str(part[place]) for part in columns) for place in (0, 1))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def as_json(path: Path, columns: Given) -> None:
    path.write_text(json.dumps(dict(columns)) + "\n", encoding="utf-8")


def as_parquet(path: Path, columns: Given) -> None:
    parquet.write_table(
        pa.Table.from_arrays(
            [pa.array([value]) for _, value in columns], names=[name for name, _ in columns]
        ),
        path,
    )


KINDS: dict[str, Callable[[Path, Given], None]] = {"csv": as_csv, "jsonl": as_json, "parquet": as_parquet}


@pytest.fixture(params=KINDS)
def read(request: pytest.FixtureRequest, tmp_path: Path, flower: Knowledge) -> Read:
    """Return a function that reads one row of named columns from each file format."""

    def read(columns: Given, knowledge: Knowledge = flower, **choice: Any) -> Activation:
        KINDS[request.param](tmp_path / "rows", columns)
        return read_activation(tmp_path / "rows", knowledge, **choice)

    return read


@pytest.fixture
def mistake(read: Read) -> Callable[..., str]:
    def mistake(columns: Given, *args: Any, **choice: Any) -> str:
        with pytest.raises(ActivationError) as caught:
            read(columns, *args, **choice)
        assert caught.value.status == 65
        return with_advice(caught.value, advice_for(caught.value))

    return mistake


def row(*names: str) -> Given:
    """Return columns with these names and the values of an iris row; unknown columns hold text."""
    return [(name, ROW.get(name, "text")) for name in names]


def numbers(*names: str) -> Given:
    """Return columns with these names and the values 1, 2, 3 and so on."""
    return [(name, float(place)) for place, name in enumerate(names, 1)]


def said(activation: Activation) -> str:
    assert activation.layout is not None
    return activation.layout.summary()


# By the names of the card.


@pytest.mark.parametrize(
    ("names", "unused"),
    [
        (NAMES, ""),
        (["id", *NAMES], "; not used: id"),
        ([*NAMES, "note"], "; not used: note"),
        (["id", NAMES[0], "x", *NAMES[1:], "species"], "; not used: id, x, species"),
        ([*NAMES, "a", "b", "c"], "; not used: a, b, c"),
    ],
)
def test_columns_are_selected_by_the_cards_names_among_others(
    names: list[str], unused: str, read: Read
) -> None:
    activation = read(row(*names))
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]
    assert activation.targets is None
    assert said(activation) == f"inputs: {CARD} (by the names of the card); expected values: none{unused}"


@pytest.mark.parametrize("names", [[*NAMES, *OUTPUTS], ["id", *OUTPUTS, "x", *NAMES]])
def test_expected_outputs_are_selected_by_the_cards_names(names: list[str], read: Read) -> None:
    activation = read(row(*names))
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]
    assert activation.targets is not None and activation.targets.tolist() == [[0.0, 0.0, 1.0]]
    assert f"; expected values: {', '.join(OUTPUTS)}" in said(activation)


def test_without_names_of_outputs_the_columns_after_the_inputs_are_targets(
    read: Read, flower: Knowledge
) -> None:
    assert flower.card is not None
    unnamed = flower.replace(card=flower.card.replace(outputs=(Column(),) * 3))
    activation = read(row(*NAMES) + numbers("s", "t", "u"), unnamed)
    assert activation.targets is not None and activation.targets.tolist() == [[1.0, 2.0, 3.0]]
    assert read([("id", 1.0), *row(*NAMES), *numbers("s", "t")], unnamed).targets is None


def test_an_id_in_the_first_column_is_not_an_input(read: Read, line: Knowledge) -> None:
    """With one input and one output, two columns look like x and y, but the card names the second one as x."""
    card = Card("", "", "", (Column(name="x"),), (Column(),), ())
    activation = read(numbers("id", "x"), line.replace(card=card))
    assert activation.inputs.tolist() == [[2.0]]
    assert activation.targets is None


# What contradicts the card.


@pytest.mark.parametrize("around", [[], ["id"], OUTPUTS])
def test_an_order_other_than_the_cards_is_refused(around: list[str], mistake: Callable[..., str]) -> None:
    message = mistake(row(*around, *NAMES[::-1]))
    assert f"has the inputs in a different order ({', '.join(NAMES[::-1])}) from the card" in message
    targets = f" TARGET_COLUMNS={','.join(OUTPUTS)}" if around == OUTPUTS else ""
    assert f"Set INPUT_COLUMNS={','.join(NAMES)}{targets} to select them by name. {IGNORE}" in message


def test_following_the_hint_for_a_permuted_header_works(read: Read) -> None:
    activation = read(row(*NAMES[::-1]), input_columns=NAMES)
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]
    assert said(activation) == f"inputs: {CARD} (chosen by name); expected values: none"


def test_expected_outputs_in_another_order_are_refused(mistake: Callable[..., str]) -> None:
    message = mistake(row(*NAMES, *OUTPUTS[::-1]))
    assert (
        "has the expected outputs in a different order (virginica, versicolor, setosa) from the card"
        in message
    )


def test_a_subset_of_the_expected_outputs_is_refused(mistake: Callable[..., str]) -> None:
    message = mistake(row(*NAMES, *OUTPUTS[:2]))
    assert (
        "has some of the outputs that the card of currentSolution.pkl names (setosa, versicolor)" in message
    )
    assert (
        "but not virginica" in message
        and f"Set INPUT_COLUMNS={','.join(NAMES)} to skip the comparison" in message
    )


def test_names_other_than_the_cards_are_refused(mistake: Callable[..., str]) -> None:
    message = mistake(numbers("x1", "x2", "x3", "x4"))
    assert f"names the inputs x1, x2, x3, x4; the card of currentSolution.pkl names them {CARD}." in message
    assert "Rename the columns. Or set INPUT_COLUMNS=x1,x2,x3,x4 to use them as they are." in message
    assert IGNORE in message


def test_a_missing_card_name_is_reported(mistake: Callable[..., str]) -> None:
    message = mistake(row(*NAMES[:3], "width"))
    assert "has no column petal_width, which the card of currentSolution.pkl names as an input." in message
    assert "The columns are: sepal_length, sepal_width, petal_length, width." in message


NEARLY = {
    "Sepal_Length": "'Sepal_Length' differs from 'sepal_length' only in case, spaces, punctuation or the form",
    "sepal length": "'sepal length' differs from 'sepal_length' only in case, spaces, punctuation or the form",
    "\ufeffsepal_length": "'\\ufeffsepal_length' differs from 'sepal_length' only in case, spaces",
    "sep\u0430l_length": "'sep\\u0430l_length' looks like 'sepal_length', but has different letters.",
    "\uff53epal_length": "'\\uff53epal_length' differs from 'sepal_length' only in",
}


@pytest.mark.parametrize("name", NEARLY)
def test_a_similar_name_is_suggested(name: str, mistake: Callable[..., str]) -> None:
    assert NEARLY[name] in mistake([("id", 1.0), (name, 5.8), *row(*NAMES[1:])])


def test_a_card_with_some_input_names_is_compared_for_these(
    read: Read, mistake: Callable[..., str], flower: Knowledge
) -> None:
    assert flower.card is not None
    first = (flower.card.inputs[0], Column(), Column(), Column())
    some = flower.replace(card=flower.card.replace(inputs=first))
    assert read(numbers("sepal_length", "b", "c", "d"), some).inputs.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert "names the inputs b, sepal_length, c, d; the card of" in mistake(
        numbers("b", "sepal_length", "c", "d"), some
    )


@pytest.mark.parametrize("names", [[*OUTPUTS, "a", "b", "c", "d"], ["a", "b", "c", "setosa"]])
def test_an_output_name_of_the_card_in_an_input_position_is_refused(
    names: list[str], mistake: Callable[..., str], flower: Knowledge
) -> None:
    assert flower.card is not None
    some = flower.replace(card=flower.card.replace(inputs=(Column(),) * 4))
    message = mistake(numbers(*names), some)
    assert (
        "setosa" in message
        and "in the position of an input; the card of currentSolution.pkl has it as the name of an output"
        in message
    )
    assert "Choose the inputs with INPUT_COLUMNS" in message


@pytest.mark.parametrize("names", [["", "a", "b", "c"], ["", "a", "b", "c", "s", "t", "u"]])
def test_a_pandas_index_column_is_not_an_input(
    names: list[str], mistake: Callable[..., str], flower: Knowledge
) -> None:
    message = mistake(numbers(*names), flower.replace(card=None))
    assert "has a name for every column but the first, in which pandas and R store the row index" in message
    assert (
        "(pandas: index=False, R: row.names=FALSE), or give the column a name if it is an input." in message
    )
    assert "Or choose columns with INPUT_COLUMNS and TARGET_COLUMNS." in message


def test_a_pandas_index_column_is_not_an_input_with_selected_targets(
    mistake: Callable[..., str], flower: Knowledge
) -> None:
    names = ["", "a", "b", "c", "s", "t", "u"]
    message = mistake(numbers(*names), flower.replace(card=None), target_columns=["s", "t", "u"])
    assert "has a name for every column but the first" in message


def test_a_pandas_index_column_in_parquet_is_not_a_target(
    mistake: Callable[..., str], line: Knowledge, read: Read
) -> None:
    columns = numbers("x", "__index_level_0__")
    assert "has the column __index_level_0__, in which pandas stores the row index" in mistake(columns, line)
    assert read(columns, line, input_columns=["x"]).targets is None


def test_a_pandas_index_column_is_ignored_with_card_names(read: Read) -> None:
    activation = read([("", 0.0), *row(*NAMES)])
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]
    assert said(activation).endswith("; not used: column 1")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("it's", "INPUT_COLUMNS='it'\\''s,sepal_width,petal_length,petal_width'"),
        ("a;reboot", "INPUT_COLUMNS='a;reboot,sepal_width,petal_length,petal_width'"),
        ("$(reboot)", "INPUT_COLUMNS='$(reboot),sepal_width,petal_length,petal_width'"),
        ("\x1b[2J", "INPUT_COLUMNS to"),
        ("a\nb", "INPUT_COLUMNS to"),
        ("a,b", "INPUT_COLUMNS to"),
    ],
)
def test_names_are_quoted_in_the_command_line_of_a_hint(
    name: str, shown: str, tmp_path: Path, flower: Knowledge
) -> None:
    assert flower.card is not None
    first = (flower.card.inputs[0], Column(), Column(), Column())
    some = flower.replace(card=flower.card.replace(inputs=first))
    as_json(tmp_path / "rows", numbers(name, *NAMES[1:]))
    with pytest.raises(ActivationError) as error:
        read_activation(tmp_path / "rows", some)
    advice = advice_for(error.value)
    assert f"Or set {shown}" in advice
    assert advice.isprintable() and error.value.hint.isprintable()


@pytest.mark.slow
def test_many_unknown_names_are_compared_quickly(tmp_path: Path) -> None:
    from time import process_time

    from pybrain_runtime.tables.name_matching import similar_name

    wanted, there = ([f"{word}{place:06}" for place in range(20_000)] for word in ("wanted", "\u0430nother"))
    begun = process_time()
    assert similar_name(wanted, there) == ""
    assert process_time() - begun < 1.0


# A choice by name, and the card.


def test_a_selection_in_an_order_other_than_the_cards_is_refused(mistake: Callable[..., str]) -> None:
    message = mistake(row(*NAMES), input_columns=NAMES[::-1])
    assert (
        "The choice of columns names the inputs in a different order (petal_width, petal_length, " in message
    )
    assert f"List the columns in the order of the card. {IGNORE}" in message
    message = mistake(row(*NAMES, *OUTPUTS), input_columns=NAMES, target_columns=OUTPUTS[::-1])
    assert "The choice of columns names the expected outputs in a different order" in message


def test_a_selection_with_one_replaced_card_name_is_refused(mistake: Callable[..., str]) -> None:
    message = mistake([("id", 1.0), *row(*NAMES)], input_columns=["id", NAMES[0], *NAMES[2:]])
    assert (
        "The choice of columns names the inputs in a different order (id, sepal_length, petal_length"
        in message
    )


def test_a_selection_of_other_names_is_reported(read: Read) -> None:
    activation = read(numbers("x1", "x2", "x3", "x4", "n"), input_columns=["x1", "x2", "x3", "x4"])
    assert activation.inputs.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert said(activation) == "inputs: x1, x2, x3, x4 (chosen by name); expected values: none; not used: n"


def test_with_only_targets_selected_the_inputs_are_the_cards(read: Read) -> None:
    columns = [("id", 7.0), *row(*NAMES), *numbers("a", "b", "c")]
    activation = read(columns, target_columns=["a", "b", "c"])
    assert activation.inputs.tolist() == [[5.8, 2.7, 5.1, 1.9]]
    assert activation.targets is not None and activation.targets.tolist() == [[1.0, 2.0, 3.0]]


def test_card_names_are_ignored_on_request(read: Read) -> None:
    ignored = "the names of the card are ignored"
    activation = read(row(*NAMES[::-1]), ignore_card_names=True)
    assert activation.inputs.tolist() == [[1.9, 5.1, 2.7, 5.8]]
    assert f"(by position, {ignored}); expected values: none" in said(activation)
    activation = read(row(*NAMES), input_columns=NAMES[::-1], ignore_card_names=True)
    assert activation.inputs.tolist() == [[1.9, 5.1, 2.7, 5.8]]
    assert f"(chosen by name, {ignored}); expected values: none" in said(activation)


# Without a card.


def test_without_a_card_the_summary_has_column_names(read: Read, flower: Knowledge) -> None:
    activation = read(numbers("a", "b", "c", "d", "s", "t", "u"), flower.replace(card=None))
    assert said(activation) == "inputs: a, b, c, d (by position); expected values: s, t, u"


def test_without_a_header_the_summary_has_column_numbers(tmp_path: Path, flower: Knowledge) -> None:
    for content in ("1.5,2,3,4,0,0,1\n", "[1.5, 2, 3, 4, 0, 0, 1]\n"):
        (tmp_path / "rows").write_text(content)
        activation = read_activation(tmp_path / "rows", flower)
        assert said(activation) == (
            "inputs: columns 1 to 4 (no header, by position); expected values: columns 5 to 7"
        )


def test_an_unnamed_column_is_shown_by_its_number(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows").write_text("a,b,,d\n1,2,3,4\n")
    activation = read_activation(tmp_path / "rows", flower.replace(card=None))
    assert said(activation) == "inputs: a, b, column 3, d (by position); expected values: none"


def test_long_column_summaries_are_shortened(read: Read, line: Knowledge) -> None:
    activation = read(numbers(*(f"c{place}" for place in range(40))), line, input_columns=["c0"])
    assert said(activation).endswith("; not used: c1, c2, c3, c4, c5, c6, c7, c8 and 31 more")


def test_the_report_has_the_selected_columns(tmp_path: Path, flower: Knowledge) -> None:
    as_csv(tmp_path / "rows", row("id", *NAMES, *OUTPUTS))
    report: Any = activate_file(flower, tmp_path / "rows", tmp_path / "p.csv").prediction.report
    assert report["activation"]["columns_used"] == {
        "by": "card",
        "inputs": NAMES,
        "expected": OUTPUTS,
        "not_used": ["id"],
        "card_names_ignored": False,
    }
    (tmp_path / "rows").write_text("1.5,2,3,4\n")
    report = activate_file(
        flower, tmp_path / "rows", tmp_path / "p.csv", StreamOptions(ignore_card_names=True)
    ).prediction.report
    assert report["activation"]["columns_used"] == {
        "by": "position",
        "inputs": [1, 2, 3, 4],
        "expected": [],
        "not_used": [],
        "card_names_ignored": True,
    }


# Names that stand for two columns.


def test_a_repeated_name_in_parquet_is_refused_in_every_column(tmp_path: Path, flower: Knowledge) -> None:
    for names in ([*NAMES, "petal_width"], [*NAMES, "n", "n"], ["a", "a", "b", "c"]):
        as_parquet(tmp_path / "rows.parquet", numbers(*names))
        for knowledge in (flower, flower.replace(card=None)):
            with pytest.raises(ActivationError) as caught:
                read_activation(tmp_path / "rows.parquet", knowledge)
            repeated = next(name for name in names if names.count(name) > 1)
            assert caught.value.message.startswith(
                f"rows.parquet has several columns of the same name: '{repeated}' (columns "
            )


def test_a_repeated_name_in_csv_is_refused_if_the_column_is_used(tmp_path: Path, flower: Knowledge) -> None:
    path = tmp_path / "rows.csv"
    for names, choice in (
        (f"{','.join(NAMES)},petal_width", {}),
        ('sepal_length," sepal_length",sepal_width,petal_length,petal_width', {}),
        ("a,b,c,c,d", {"input_columns": ["a", "b", "c", "d"]}),
    ):
        path.write_text(f"{names}\n1,2,3,4,5\n")
        with pytest.raises(ActivationError, match=r"several columns of (the same|this) name"):
            read_activation(path, flower, **choice)
    path.write_text("a,a,b,c\n1,2,3,4\n")
    with pytest.raises(ActivationError, match=r"the same name: 'a' \(columns 1, 2\)"):
        read_activation(path, flower.replace(card=None))
    path.write_text(f"note,note,{','.join(NAMES)}\nx,y,1,2,3,4\n")
    assert read_activation(path, flower).inputs.tolist() == [[1.0, 2.0, 3.0, 4.0]]


def test_names_are_compared_after_unicode_normalization(mistake: Callable[..., str], line: Knowledge) -> None:
    message = mistake(numbers("h\u00f6he", "ho\u0308he"), line)
    assert "several columns of the same name: " in message and "(columns 1, 2)" in message


def test_an_input_with_the_name_of_an_output_gets_a_unique_name(tmp_path: Path, line: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("prediction,expected\n0.5,1\n")
    activate_file(line, tmp_path / "rows.csv", tmp_path / "p.jsonl")
    found = json.loads((tmp_path / "p.jsonl").read_text())
    assert list(found) == ["input_prediction", "prediction", "expected", "error"]
    assert (found["input_prediction"], found["expected"]) == (0.5, 1.0)


# The first row of a CSV file.

NOT_A_HEADER = {
    "0.1,0.2,O.3,0.4": "line 1, column 3: 'O.3' is not a number, but 3 of the 4 cells in the first row can",
    "5.8,2.7,5.1,1.9cm": "line 1, column 4: '1.9cm' is not a number, but 3 of the 4 cells",
    "2020-01-05,1.5,2.5,3": "line 1, column 1: '2020-01-05' is not a number, but 3 of the 4 cells",
    "a,b,1,2": "line 1, column 1: 'a' is not a number, but 2 of the 4 cells",
    "a,,1,": "line 1, column 1: 'a' is not a number, but 1 of the 2 cells",
    "5.8,2.7,n/a,1.9": "line 1, column 3: 'n/a' is not a number.",
    "5.8,2.7,?,1.9": "line 1, column 3: '?' is not a number.",
    "n/a,n/a,n/a,n/a": "line 1, column 1: 'n/a' is not a number.",
    "1_000,2,3,4": "line 1, column 1: '1_000' is not a number.",
    "1_000,2_000,3_000,4_000": "line 1, column 1: '1_000' is not a number.",
    "12%,1e,0x10,1 000": "line 1, column 1: '12%' is not a number.",
}


@pytest.mark.parametrize("first", NOT_A_HEADER)
def test_a_first_row_that_is_mostly_values_is_an_error(first: str, tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text(f"{first}\n5.8,2.7,5.1,1.9\n")
    for knowledge in (flower, flower.replace(card=None)):
        with pytest.raises(ActivationError) as caught:
            read_activation(tmp_path / "rows.csv", knowledge)
        assert caught.value.message.startswith(f"rows.csv {NOT_A_HEADER[first]}")
        assert caught.value.line == 1
    if "but" in NOT_A_HEADER[first]:
        assert with_advice(caught.value, advice_for(caught.value)).endswith(
            "\n  Correct the cell. If the first row is a header, choose columns by name with INPUT_COLUMNS."
        )


def test_a_first_row_that_is_mostly_values_is_rejected_with_skip(tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text("0.1,0.2,O.3,0.4\n5.8,2.7,5.1,1.9\n")
    done = activate_file(flower, tmp_path / "rows.csv", tmp_path / "p.csv", StreamOptions(skip=True))
    assert (done.prediction.rows, done.rejected) == (1, 1)
    assert (
        "1,column 3: 'O.3' is not a number.,\"0.1,0.2,O.3,0.4\"" in (tmp_path / "p.rejected.csv").read_text()
    )


@pytest.mark.parametrize(
    "header", ["region,2019,x,y", "x1,x2,x3,4", "a,b,c,", "2019-01,2019-02,2019-03,2019-04"]
)
def test_a_header_may_contain_a_number(header: str, tmp_path: Path, flower: Knowledge) -> None:
    (tmp_path / "rows.csv").write_text(f"{header}\n1,2,3,4\n")
    activation = read_activation(tmp_path / "rows.csv", flower.replace(card=None))
    assert activation.inputs.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert activation.input_names == tuple(header.split(","))


def test_selected_names_make_a_row_of_numbers_the_header(tmp_path: Path, flower: Knowledge) -> None:
    years = ["2019", "2020", "2021", "2022"]
    for header, row in (("2019,2020,2021,2022,region", "1,2,3,4,west"), ("2019,2020,2021,2022", "1,2,3,4")):
        (tmp_path / "rows.csv").write_text(f"{header}\n{row}\n")
        activation = read_activation(tmp_path / "rows.csv", flower, input_columns=years)
        assert activation.inputs.tolist() == [[1.0, 2.0, 3.0, 4.0]]
        assert activation.input_names == tuple(years)
    (tmp_path / "rows.csv").write_text("2019,2020,2021,region\n1,2,3,west\n")
    with pytest.raises(
        ActivationError, match=r"'2022' is chosen as an input, but rows\.csv has no such column"
    ):
        read_activation(tmp_path / "rows.csv", flower, input_columns=years)


def test_a_first_row_of_consecutive_integers_is_data_with_a_warning(
    tmp_path: Path, flower: Knowledge
) -> None:
    for first, noticed in (("0,1,2,3", True), ("1,2,3,4", True), ("1,2,3,5", False), ("0.0,1,2,3", False)):
        (tmp_path / "rows.csv").write_text(f"{first}\n5.8,2.7,5.1,1.9\n")
        activation = read_activation(tmp_path / "rows.csv", flower)
        assert activation.rows == 2
        remark = f"; line 1 ({', '.join(first.split(',')[:3])}, ...) is taken as a row, not as a header"
        assert said(activation).endswith(remark) == noticed


def test_a_first_row_of_numbers_that_the_card_has_as_names_is_refused(
    tmp_path: Path, line: Knowledge
) -> None:
    known = line.replace(card=Card("", "", "", (Column(name="2019"),), (Column(),), ()))
    (tmp_path / "rows.csv").write_text("2019,2020\n5,6\n")
    with pytest.raises(ActivationError) as caught:
        read_activation(tmp_path / "rows.csv", known)
    assert "line 1 holds numbers that are also the names of the inputs on the card" in caught.value.message
    assert (
        advice_for(caught.value)
        == "Set INPUT_COLUMNS=2019 if it is the header, or IGNORE_CARD_NAMES=1 if it is a row."
    )
    assert read_activation(tmp_path / "rows.csv", known, input_columns=["2019"]).rows == 1
    assert read_activation(tmp_path / "rows.csv", known, ignore_card_names=True).rows == 2


# Far more columns than a network could use.


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_too_many_columns_are_counted_and_not_listed(kind: str, tmp_path: Path, flower: Knowledge) -> None:
    KINDS[kind](tmp_path / "rows", [*numbers(*(f"c{place}" for place in range(17_000))), *row(*NAMES)])
    with pytest.raises(ActivationError) as caught:
        read_activation(tmp_path / "rows", flower)
    assert caught.value.message == (
        "rows line 1 has 17,004 columns; the limit for the network in currentSolution.pkl is 16,384, "
        "because it takes 4."
    )


def test_a_long_list_of_columns_is_shortened_in_messages(
    mistake: Callable[..., str], line: Knowledge
) -> None:
    message = mistake(numbers(*(f"c{place}" for place in range(5_000))), line, input_columns=["x"])
    assert "c18, c19, and 4,980 more." in message and len(message) < 300


# Parquet's numbers.


def test_decimals_are_rounded_as_in_csv(tmp_path: Path, line: Knowledge) -> None:
    digits = ["0.1", "1.9", "-7.05", "123456789.000000001", "0.000000000000000001", "5"]
    for kind in (pa.decimal128(38, 20), pa.decimal256(60, 20)):
        values = pa.array([Decimal(text) for text in digits], kind)
        parquet.write_table(pa.table([values], names=["x"]), tmp_path / "rows.parquet")
        found = read_activation(tmp_path / "rows.parquet", line).inputs[:, 0].tolist()
        assert found == [float(text) for text in digits]


def test_a_key_that_cannot_be_encoded_is_refused(tmp_path: Path, line: Knowledge) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a\\ud800": 1}\n')
    with pytest.raises(ActivationError, match=r"line 1 has a key that is not valid Unicode: 'a\\ud800'"):
        read_activation(tmp_path / "rows.jsonl", line)
