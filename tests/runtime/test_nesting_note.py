"""A feed-forward network inside a recurrent one: loading, inspecting and converting it report the difference."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from common.project import PROJECT
from pipeline.cli import main
from pybrain_runtime import load_knowledge
from pybrain_runtime.container.console_report import ConsoleReport

FIXTURES = PROJECT.root / "tests" / "fixtures" / "networks"
NESTED = str(FIXTURES / "rnn_nested_ffn" / "net.p2.pkl")
WORDS = "differs from PyBrain: the feed-forward network inside the recurrent one"


def test_a_network_without_nesting_has_no_note() -> None:
    assert load_knowledge(NESTED).network.differing.startswith(WORDS)
    for name in ("rnn_bn_lstm", "man_nested_ffn"):
        assert not load_knowledge(str(FIXTURES / name / "net.p2.pkl")).network.differing


def test_the_prediction_reports_the_nesting_in_one_line() -> None:
    output = io.StringIO()
    ConsoleReport(output, output).loaded(load_knowledge(NESTED))
    assert sum(WORDS in line for line in output.getvalue().splitlines()) == 1


def test_inspect_and_convert_report_the_nesting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", NESTED]) == 0
    assert WORDS in capsys.readouterr().out
    assert main(["convert", NESTED, "--to", "npz", "--output", str(tmp_path / "net.npz")]) == 0
    printed = capsys.readouterr()
    assert WORDS in printed.out + printed.err


def test_a_switch_gives_pybrains_own_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, expected = (
        np.loadtxt(FIXTURES / "rnn_nested_ffn" / f"{name}.csv", delimiter=",", skiprows=1, ndmin=2)
        for name in ("inputs", "expected")
    )
    longest = inputs[:, 0] == np.bincount(inputs[:, 0].astype(int)).argmax()
    np.savetxt(tmp_path / "rows.csv", inputs[longest, 1:], delimiter=",", fmt="%.17g")
    words = ["activate", NESTED, str(tmp_path / "rows.csv"), "-o", str(tmp_path / "prediction.csv")]

    def predicted(*options: str) -> np.ndarray:
        assert main([*words, *options]) == 0
        found = np.loadtxt(tmp_path / "prediction.csv", delimiter=",", skiprows=1, ndmin=2)
        return found[:, inputs.shape[1] - 1 :]

    assert not np.allclose(predicted(), expected[longest, 1:])
    assert WORDS in capsys.readouterr().out
    np.testing.assert_allclose(predicted("--legacy-nesting"), expected[longest, 1:], rtol=1e-12)
    assert WORDS not in capsys.readouterr().out
    assert json.loads((tmp_path / "prediction.json").read_text("utf-8"))["legacy_nesting"] is True
    monkeypatch.setenv("LEGACY_NESTING", "1")
    np.testing.assert_allclose(predicted(), expected[longest, 1:], rtol=1e-12)
