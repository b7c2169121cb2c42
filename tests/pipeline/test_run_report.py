"""report.html of a run: what the page shows, whatever the names and logs of a run contain."""

from __future__ import annotations

import html
import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from common.atomic_files import sha256_of
from common.container_state import ContainerState
from common.errors import StackFailed
from pipeline.engines.base import StackEnd
from pipeline.stages.collected_files import CollectedFile
from pipeline.stages.run_record import Run, verdict
from pipeline.stages.run_report.page import report_page
from pipeline.stages.run_report.plot_values import confusion_matrix, histograms
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
from pybrain_runtime.knowledge import Knowledge

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
IRIS, COURSE = str(ROOT / "models/iris.pkl"), str(ROOT / "models/course.pkl")


def collected(path: Path) -> CollectedFile:
    return CollectedFile(path, sha256_of(path), path.stat().st_size, path.stat().st_mtime)


def end_of(*states: ContainerState) -> StackEnd:
    return StackEnd("docker compose up", 0, states, "")


def run_of(
    folder: Path, model: str, data: str, *, fallback: str = "", end: StackEnd | None = None
) -> tuple[Run, Knowledge]:
    """Return a run that has predicted a file of rows, as stage 3 records it."""
    knowledge = load_knowledge(model)
    activate_file(knowledge, data, str(folder / "prediction.csv"))
    files = {name: collected(folder / name) for name in ("prediction.json", "prediction.csv")}
    content = json.loads((folder / "prediction.json").read_text(encoding="utf-8"))
    run = Run("local processes", "local", fallback, 0, START, 2.14, end, None, files, content)
    return run, knowledge


def text_of(page: str) -> str:
    """Return the visible text of a page: no markup, single spaces."""
    body = re.sub(r"<(style|title)>.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_page_of_a_classifier_shows_rows_errors_classes_and_distributions(tmp_path: Path) -> None:
    page = report_page(*run_of(tmp_path, IRIS, str(ROOT / "data/iris_150.csv")), "log")
    seen = text_of(page)
    assert "Prediction of iris" in seen
    assert "Prediction made with local in 2.1 s." in seen
    assert "10 of 150 rows from prediction.csv" in seen
    assert "accuracy 0.96667" in seen
    assert "versicolor 0 47 3" in seen
    assert "145 of 150 rows have the expected class." in seen
    assert page.count("<figure>") == 3
    assert "<circle" not in page


def test_the_page_of_a_regression_plots_predicted_against_expected_values(tmp_path: Path) -> None:
    page = report_page(*run_of(tmp_path, COURSE, str(ROOT / "data/course_80.csv")), "log")
    assert page.count("<circle") == 80
    assert "Confusion" not in page
    assert "1 input x 1 output prediction" in text_of(page)


def test_each_output_without_a_name_is_plotted_against_its_expected_values(tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(buildNetwork(2, 3, 2), 2))
    rows = [f"{x / 9},{x % 4},{x / 7},{1 - x / 9}\n" for x in range(20)]
    (tmp_path / "rows.csv").write_text("a,b,c,d\n" + "".join(rows))
    page = report_page(*run_of(tmp_path, str(tmp_path / "net.pkl"), str(tmp_path / "rows.csv")), "log")
    assert page.count("<circle") == 40


def test_text_is_left_aligned_and_not_formatted_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,x\n00123456789," + "0.5\n" + "y" * 500 + ",0.5\n")
    knowledge = load_knowledge(COURSE)
    activate_file(knowledge, tmp_path / "rows.csv", tmp_path / "prediction.csv", StreamOptions(keep=["id"]))
    content = json.loads((tmp_path / "prediction.json").read_text(encoding="utf-8"))
    files = {"prediction.csv": collected(tmp_path / "prediction.csv")}
    run = Run("local processes", "local", "", 0, START, 2.14, None, None, files, content)
    page = report_page(run, knowledge, "log")
    assert '<td class="t">00123456789</td><td class="n">0.5</td>' in page
    assert f'<td class="t">{"y" * 80}...</td>' in page


def test_only_the_first_of_many_columns_are_listed(tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(buildNetwork(200, 2), 2))
    header = ",".join(f"sensor_{place}" for place in range(200))
    (tmp_path / "rows.csv").write_text(f"{header}\n{','.join(['1'] * 200)}\n")
    seen = text_of(
        report_page(*run_of(tmp_path, str(tmp_path / "net.pkl"), str(tmp_path / "rows.csv")), "log")
    )
    assert "200 inputs sensor_0, sensor_1," in seen
    assert "sensor_29 and 170 more" in seen
    assert "sensor_30," not in seen


def test_one_row_is_shown_without_plots(tmp_path: Path) -> None:
    page = report_page(*run_of(tmp_path, IRIS, str(ROOT / "data/iris.csv")), "log")
    assert "<svg" not in page
    assert "1 of 1 row from prediction.csv" in text_of(page)


def test_the_page_loads_no_files_and_runs_no_scripts(tmp_path: Path) -> None:
    page = report_page(*run_of(tmp_path, IRIS, str(ROOT / "data/iris_150.csv")), "log")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert set(re.findall(r'(?:src|href)="([^"]{0,30})', page)) == {
        "prediction.csv", "prediction.json", "data:image/svg+xml;base64,PHN2",
    }  # fmt: skip


def test_a_failed_run_shows_the_error_the_times_and_the_log(tmp_path: Path) -> None:
    error = StackFailed("codebase exited with status 65. Its last lines:\n  <b>no & way</b>", status=65)
    end = end_of(
        ContainerState("activationbase", START, START + timedelta(seconds=4), 0),
        ContainerState("codebase", START + timedelta(seconds=1), START + timedelta(seconds=3), 65),
        ContainerState("knowledgebase", None, None, None, "no such image"),
    )
    run = Run("docker 20.10", "docker", "", 65, START, 4.0, end, error, {}, None)
    page = report_page(run, load_knowledge(IRIS), "a line of \x1b[31mcodebase\x1b[0m <script>\n")
    seen = text_of(page)
    assert "No prediction was made; the run failed with exit status 65." in seen
    assert "&lt;b&gt;no &amp; way&lt;/b&gt;" in page
    assert "codebase 1.00 s to 3.00 s, exited with status 65" in seen
    assert "knowledgebase was never started: no such image" in seen
    assert '<details class="log" open>' in page
    assert r"a line of \x1b[31mcodebase\x1b[0m &lt;script&gt;" in page


def test_the_beginning_of_a_long_log_is_cut_off(tmp_path: Path) -> None:
    page = report_page(
        *run_of(tmp_path, IRIS, str(ROOT / "data/iris.csv")), "the beginning\n" + "x" * 100_000 + "\nlast\n"
    )
    assert "the beginning" not in page
    assert len(page) < 100_000
    assert "last" in page


@pytest.mark.parametrize(
    ("fallback", "said"),
    [
        ("", "Prediction made with local in 2.1 s"),
        ("Docker is not installed.", "Prediction made with local (Docker is not installed.) in 2.1 s"),
    ],
)
def test_the_verdict_repeats_that_docker_was_not_used(tmp_path: Path, fallback: str, said: str) -> None:
    run, _ = run_of(tmp_path, IRIS, str(ROOT / "data/iris.csv"), fallback=fallback)
    assert verdict(run) == said


def test_names_that_look_like_markup_are_text(tmp_path: Path) -> None:
    rows = (ROOT / "data/course_80.csv").read_text().replace("x,y", '"<img src=x>",y')
    (tmp_path / "rows.csv").write_text(rows)
    page = report_page(*run_of(tmp_path, COURSE, str(tmp_path / "rows.csv")), "log")
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page


def test_values_that_are_equal_or_not_finite_can_be_plotted() -> None:
    values = np.array([[1.0, np.nan], [1.0, np.inf], [1.0, 2.0]])
    constant, almost_empty = histograms(("a", "b"), values)
    assert [bar.text for bar in constant.bars] == ["1 to 1: 3"]
    assert (almost_empty.low, almost_empty.most) == ("2", 1)
    assert histograms(("c",), np.full((3, 1), np.nan)) == []


def test_a_histogram_counts_every_row() -> None:
    values = np.random.default_rng(0).normal(size=(500, 1))
    (histogram,) = histograms(("a",), values)
    assert sum(int(bar.text.rpartition(": ")[2]) for bar in histogram.bars) == 500
    assert max(bar.height for bar in histogram.bars) == 160


def test_a_confusion_matrix_counts_expected_classes_in_rows() -> None:
    found = confusion_matrix(("a", "b"), np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]))
    assert found is not None
    assert found.counts == (((1, 50), (1, 50)), ((0, 0), (2, 100)))
    assert (found.correct, found.rows) == (3, 4)
    assert confusion_matrix(tuple("abcdefghijklmnopqrstuvwxyz"), np.zeros(1, int), np.zeros(1, int)) is None
