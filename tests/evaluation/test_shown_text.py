"""Text of a submission is escaped: it cannot move the cursor, or hide or reverse characters."""

from __future__ import annotations

import base64
import io
import json

import pytest

from common.console import Console
from evaluation.cohort.overview import to_csv, to_page
from evaluation.cohort.row import Row
from evaluation.cohort.summary import ClassSummary
from evaluation.reports.export import EXPORTERS
from evaluation.result import Finding, Line, Observation, Report, Result
from evaluation.rubric import load_rubric
from pybrain_runtime.io.printable import in_one_line, printable

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202egpj.exe\u2066\x9b31m\x00\u200b\rAll points\udc80"
HIDDEN = [character for character in HOSTILE if printable(character) != character]


def hostile_report():
    result = Result(
        "a", HOSTILE, "failed", 0, 1, HOSTILE, HOSTILE, 0, (Observation("log", f"one\n{HOSTILE}"),)
    )
    finding = Finding("a", HOSTILE, "risk", HOSTILE, HOSTILE, f"{HOSTILE}\nforged line")
    return Report(
        HOSTILE, HOSTILE, "zip", "0", 1, 1, HOSTILE, "0", (Line("line", "", (result,)),), (finding,), engine="docker"
    )  # fmt: skip


def test_hidden_characters_are_shown_as_escapes():
    assert printable("\x1b[31m") == "\\x1b[31m"
    assert printable("\u202eabc") == "\\u202eabc"
    assert printable("ä ✓ 日本 👩‍🚀\n\t") == "ä ✓ 日本 👩‍🚀\n\t"
    assert in_one_line("a\nb") == "a\\nb"
    assert len(HIDDEN) == 10


@pytest.mark.parametrize("form", EXPORTERS)
def test_no_report_contains_a_control_character(form):
    text = EXPORTERS[form].export(hostile_report())
    if form == "classroom":
        encoded = [line.partition("=")[2] for line in text.splitlines()[1:]]
        text = "".join(json.dumps(json.loads(base64.b64decode(line)), ensure_ascii=False) for line in encoded)
    assert [character for character in HIDDEN if character in text] == []
    assert "owned" in text


def test_the_console_prints_no_control_character():
    out = io.StringIO()
    Console(out, out).print(HOSTILE)
    Console(out, out).error(HOSTILE)
    assert [character for character in HIDDEN if character in out.getvalue()] == []
    assert "\\x1b[2J" in out.getvalue()


def test_the_location_of_a_finding_is_on_one_line():
    assert hostile_report().findings[0].where.endswith("\\nforged line")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@a", "\t=1+1", "\r=1", " =1+1", "\x1b[31m"])
def test_no_cell_of_the_overview_is_a_formula_or_a_control_sequence(name):
    table = to_csv([Row(name, None, "=cmd|' /C calc'!A0")], load_rubric())
    cell = table.splitlines()[1]
    assert cell.startswith(("'", "\\x1b")) or not cell.startswith(("=", "+", "-", "@", "\t"))
    assert "'=cmd" in table
    assert "\x1b" not in table + to_page(ClassSummary((Row(name, None, "\x1b"),)), load_rubric())
