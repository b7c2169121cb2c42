"""A feed-forward network inside a recurrent one: whoever loads, inspects or converts it reads how it differs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.project import PROJECT
from pybrain_runtime import load_knowledge
from pybrain_runtime.container.console_report import ConsoleReport

FIXTURES = PROJECT.root / "tests" / "fixtures" / "networks"
NESTED = str(FIXTURES / "rnn_nested_ffn" / "net.p2.pkl")
WORDS = "differs from PyBrain: the feed-forward network inside the recurrent one"


def test_a_network_without_nesting_has_no_note() -> None:
    assert load_knowledge(NESTED).network.differing.startswith(WORDS)
    for name in ("rnn_bn_lstm", "man_nested_ffn"):
        assert not load_knowledge(str(FIXTURES / name / "net.p2.pkl")).network.differing


def test_the_prediction_says_it_in_one_line() -> None:
    output = io.StringIO()
    ConsoleReport(output, output).loaded(load_knowledge(NESTED))
    assert sum(WORDS in line for line in output.getvalue().splitlines()) == 1


def test_inspect_and_convert_say_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", NESTED]) == 0
    assert WORDS in capsys.readouterr().out
    assert main(["convert", NESTED, "--to", "npz", "--output", str(tmp_path / "net.npz")]) == 0
    printed = capsys.readouterr()
    assert WORDS in printed.out + printed.err
