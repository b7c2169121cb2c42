"""Rows from Excel workbooks. Those in tests/fixtures/excel were written by openpyxl and XlsxWriter."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pybrain_runtime import Activation, Knowledge, StreamOptions, activate_file, read_activation
from pybrain_runtime.errors import ActivationError, UsageError

SAMPLES = Path(__file__).parents[1] / "fixtures" / "excel"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BOOK = f'<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'  # fmt: skip  # noqa: E501
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'  # fmt: skip  # noqa: E501

Sheet = Callable[..., Path]


def rows_of(*rows: str, first: int = 1) -> str:
    """Return the XML of rows of numbers."""
    return "".join(
        f'<row r="{number}">' + "".join(f"<c><v>{cell}</v></c>" for cell in row.split()) + "</row>"
        for number, row in enumerate(rows, first)
    )


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    """Return a function that writes a workbook with the XML of its rows."""

    def write(rows: str, *, texts: str = "", before: str = "", **parts: str) -> Path:
        content = {
            "xl/workbook.xml": BOOK,
            "xl/_rels/workbook.xml.rels": RELATIONS,
            "xl/worksheets/sheet1.xml": f"{before}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>",
            **({"xl/sharedStrings.xml": f"<sst {MAIN}>{texts}</sst>"} if texts else {}),
        }
        with zipfile.ZipFile(tmp_path / "rows.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in (content | parts).items():
                archive.writestr(name, text)
        return tmp_path / "rows.xlsx"

    return write


def refusal(path: Path, knowledge: Knowledge) -> str:
    with pytest.raises(ActivationError) as caught:
        read_activation(path, knowledge)
    return caught.value.message


@pytest.mark.parametrize("name", ["openpyxl", "xlsxwriter"])
@pytest.mark.parametrize("fast", [False, True])
def test_a_workbook_is_read_as_the_table_that_it_shows(
    name: str, fast: bool, tmp_path: Path, flower: Knowledge
) -> None:
    options = StreamOptions(target_columns=["Species"], keep=["id", "note"], fast=fast)
    done = activate_file(flower, SAMPLES / f"{name}.xlsx", tmp_path / "p.jsonl", options)
    assert done.prediction.errors == {"accuracy": pytest.approx(2 / 3), "correct": 2}
    lines = (tmp_path / "p.jsonl").read_text().splitlines()
    assert [line.split(', "setosa"')[0] for line in lines] == [
        '{"id": "a-1", "note": "a \\"b\\"\\tc", "sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, '
        '"petal_width": 0.2',
        '{"id": "a-2", "note": "é second line", "sepal_length": 5.8, "sepal_width": 2.7, "petal_length": 5.1, '
        '"petal_width": 1.9',
        '{"id": "a-3", "note": "", "sepal_length": 6.3, "sepal_width": 2.5, "petal_length": 5.0, "petal_width": 1.9',
    ]


def test_numbers_are_exact(sheet: Sheet, flower: Knowledge) -> None:
    found: Activation = read_activation(sheet(rows_of("0.1 5.0999999999999996 1E-3 1e300")), flower)
    assert found.inputs.tolist() == [[0.1, 5.1, 0.001, 1e300]]


def test_errors_have_the_number_of_the_row_in_excel(sheet: Sheet, flower: Knowledge) -> None:
    assert "line 1 is blank" in refusal(sheet(rows_of("1 2 3 4", first=3)), flower)
    rows = rows_of("1 2 3 4") + rows_of("1 2 3 4", first=5)
    assert "line 2 is blank, and rows follow it" in refusal(sheet(rows), flower)
    bad = rows_of("1 2 3 4") + '<row r="2"><c t="e"><v>#DIV/0!</v></c><c/><c/><c><v>1</v></c></row>'
    assert "rows.xlsx line 2, column 1: '#DIV/0!' is not a number" in refusal(sheet(bad), flower)
    assert "has 3 columns; the network" in refusal(sheet(rows_of("1 2 3")), flower)


DAMAGED = {
    "a cell twice": ('<row r="1"><c r="B1"/><c r="B1"/></row>', "it has a cell at 'B1' in row 1"),
    "a column beyond those of Excel": ('<row r="1"><c r="ZZZ1"/></row>', "it has a cell at 'ZZZ1' in row 1"),
    "rows backwards": ('<row r="2"/><row r="1"/>', "its row 1 follows row 2"),
    "a row beyond those of Excel": (
        '<row r="9999999"/>',
        "it has '9999999' in place of a number up to 1048576",
    ),
    "an unknown text": ('<row r="1"><c t="s"><v>7</v></c></row>', "it has '7' in place of a number"),
    "no XML": ("<row", "not well-formed"),
    "deep elements": ("<a>" * 100, "its XML has more than 64 levels"),
    "many names": ("".join(f"<a{number}/>" for number in range(1_100)), "more than 1,000 different names"),
    "a long cell": (
        "<row><c><v>" + "1" * 40_000 + "</v></c></row>",
        "a cell has more than 32,768 characters",
    ),
    "a cell of parts": ("<row><c>" + "<v>11111111</v>" * 5_000 + "</c></row>", "more than 32,768 characters"),
    "a long row": (
        "<row>" + ("<c><v>" + "1" * 30_000 + "</v></c>") * 40 + "</row>",
        "its row 1 has more than 1,048,576 characters",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_sheet_is_refused(case: str, sheet: Sheet, flower: Knowledge) -> None:
    rows, words = DAMAGED[case]
    message = refusal(sheet(rows), flower)
    assert message.startswith("rows.xlsx is a damaged Excel workbook: ") and words in message


def test_other_archives_are_reported(tmp_path: Path, sheet: Sheet, flower: Knowledge) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("rows.csv", "1,2,3,4\n")
    assert refusal(tmp_path / "a.zip", flower) == "a.zip is a zip archive, not an Excel workbook."
    whole = sheet(rows_of("1 2 3 4")).read_bytes()
    for content in (whole[:-30], whole + b"x", whole[:60] + b"\0" * 40 + whole[100:]):
        (tmp_path / "b.xlsx").write_bytes(content)
        assert "b.xlsx is a damaged Excel workbook: " in refusal(tmp_path / "b.xlsx", flower)


def test_entities_are_refused(sheet: Sheet, flower: Knowledge) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "1"><!ENTITY c "&b;&b;">]>'
    assert "it declares a document type" in refusal(sheet(rows_of("1 2 3 4"), before=bomb), flower)


def test_workbooks_are_not_written(tmp_path: Path, flower: Knowledge) -> None:
    with pytest.raises(UsageError, match="is an Excel file, a format that can be read, but not written"):
        activate_file(flower, SAMPLES / "openpyxl.xlsx", tmp_path / "p.xlsx")


# Made when they are needed: they take hundreds of MB.
BOMBS = {
    "texts": lambda: ("", "<si><t>x</t></si>" * 1_100_000),
    "a long text": lambda: ("", "<si><t>" + "x" * 30_000_000 + "</t></si>"),
    "rows": lambda: ("<row/>" * 3_000_000, ""),
    "an attribute": lambda: ('<row r="' + "1" * 60_000_000 + '"/>', ""),
    "deep elements": lambda: ("<a>" * 20_000_000, ""),
    "cells": lambda: (
        '<row><c r="XFD1"/></row>' + "<row/>" * 10 + '<row><c r="A12"><v>' + "1" * 50_000_000,
        "",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BOMBS)
def test_a_small_file_costs_little_memory(case: str, sheet: Sheet, iris: Path) -> None:
    rows, texts = BOMBS[case]()
    path = sheet(rows, texts=texts)
    program = (
        "import re, sys; from pybrain_runtime import *\n"
        "try: read_activation(sys.argv[2], load_knowledge(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    words = [sys.executable, "-c", program, str(iris / "currentSolution.pkl"), str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=True)
    error, megabytes = done.stdout.split()
    assert error == "ActivationError" and int(megabytes) < 512


@pytest.mark.slow
def test_a_directory_of_many_parts_is_not_read(tmp_path: Path, flower: Knowledge) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for place in range(25_000):
            archive.writestr(f"{place}", "")
    (tmp_path / "many.xlsx").write_bytes(content.getvalue())
    assert "its list of parts is too long" in refusal(tmp_path / "many.xlsx", flower)
