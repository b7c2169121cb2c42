"""Plots and report: complete, self-contained, the same bytes every time, and optional."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.training.runs import IRIS, Recorder, created, files, number, plane, program, write_table


@pytest.mark.slow
def test_a_classification_has_a_learning_curve_and_a_confusion_matrix(tmp_path: Path) -> None:
    created(IRIS, tmp_path, plots=True, epochs=5)
    found = files(tmp_path)
    for stem in ("learning_curve", "confusion_matrix"):
        assert found[f"{stem}.png"].startswith(b"\x89PNG")
        assert ElementTree.fromstring(found[f"{stem}.svg"]).tag.endswith("svg")


@pytest.mark.slow
def test_a_regression_has_residuals(tmp_path: Path) -> None:
    created(plane(tmp_path / "p.csv"), tmp_path / "out", target=("y0", "y1"), plots=True, epochs=5)
    assert {"predicted_expected.svg", "residuals.png"} <= files(tmp_path / "out").keys()


@pytest.mark.slow
def test_the_report_is_self_contained_and_shows_the_metrics(tmp_path: Path) -> None:
    outcome = created(IRIS, tmp_path, plots=True, epochs=60)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    accuracy = number(outcome.metrics, "test", "accuracy")
    assert f"{accuracy:.4g}" in page and "versicolor" in page and outcome.plan.table.sha256 in page


@pytest.mark.slow
def test_labels_and_names_are_escaped(tmp_path: Path) -> None:
    rows = [[x, x * x % 17, "<b>$x$" if x % 2 else "a & b"] for x in range(30)]
    data = write_table(tmp_path / "t.csv", ["<script>", "z_^$", "kind"], rows)
    created(data, tmp_path / "out", plots=True, epochs=3)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "<b>$" not in page
    assert "&lt;b&gt;$x$" in page


@pytest.mark.slow
def test_two_processes_draw_the_same_bytes(tmp_path: Path) -> None:
    for out, seed in (("one", "1"), ("two", "77")):
        done = program(
            "create", "--data", str(IRIS), "--out", str(tmp_path / out), "--epochs", "5", PYTHONHASHSEED=seed
        )
        assert done.returncode == 0, done.stderr
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert "learning_curve.svg" in files(tmp_path / "one")


def test_without_matplotlib_the_run_reports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.results.plots.find_spec", lambda name: None)
    recorder = Recorder()
    created(IRIS, tmp_path, recorder, plots=True, epochs=3)
    assert recorder.notes == [
        "Drawing plots needs matplotlib. No plots were drawn. Install it, and train again."
    ]
    assert "No plots were drawn" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "learning_curve.svg" not in files(tmp_path)
