"""Rows, knowledge or options that cannot be trained on: typed errors, and nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.project import PROJECT
from pipeline.stages.training_run import training_options
from pybrain_runtime.errors import (
    ActivationError,
    InputMissing,
    LimitExceeded,
    OutputExists,
    OverwritesInput,
    PipelineError,
)
from pybrain_runtime.knowledge import read_network
from pybrain_runtime.limits import Limits
from tests.training.runs import IRIS, Recorder, created, files, plane, program, refined, write_table
from training.errors import (
    Diverged,
    InputsDiffer,
    MissingColumn,
    MissingHeader,
    MissingValue,
    OneClassOnly,
    OptionError,
    TooFewRows,
    TrainingDataError,
    UnknownLabel,
    UnusableFeature,
)
from training.options import CREATE, EVALUATE, TrainingOptions
from training.scenarios import evaluate

ROWS = [[x, (x * 7) % 11, "even" if x % 2 == 0 else "odd"] for x in range(30)]
HEADER = ["x", "z", "kind"]


def failing(
    folder: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = HEADER, **options: Any
) -> PipelineError:
    """Return the error of a training; check that it has the status of invalid data and left nothing."""
    data = write_table(folder / "rows.csv", header, rows)
    with pytest.raises(PipelineError) as caught:
        created(data, folder / "out", **options)
    assert caught.value.status == 65
    assert not (folder / "out").exists() or not files(folder / "out")
    return caught.value


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, ROWS[:6])
    assert isinstance(error, TooFewRows) and error.rows == 6
    assert "rows.csv has 6 rows; training needs at least 10." in str(error)


def test_a_class_with_too_few_rows_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [*ROWS, [3, 4, "rare"]])
    assert isinstance(error, TooFewRows)
    assert "1 row of the class 'rare'; at least 3 are needed" in str(error)


def test_a_single_class_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [[*row[:2], "same"] for row in ROWS])
    assert isinstance(error, OneClassOnly) and "have the class 'same'" in str(error)


def test_a_constant_column_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [[x, 5, kind] for x, _, kind in ROWS])
    assert isinstance(error, UnusableFeature) and error.column == "z"
    assert "The column 'z' of rows.csv is constant: 5 in every row." in str(error)


def test_a_constant_numeric_target_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [[x, z, 1.5] for x, z, _ in ROWS])
    assert "The target 'kind' of rows.csv is constant" in str(error)


@pytest.mark.parametrize("cell", ["", "NA", "nan", "?"])
@pytest.mark.parametrize("column", [0, 2])
def test_a_missing_value_is_refused_with_its_line_and_column(tmp_path: Path, cell: str, column: int) -> None:
    rows = [list(row) for row in ROWS]
    rows[4][column] = cell
    error = failing(tmp_path, rows)
    assert isinstance(error, MissingValue) and (error.line, error.column) == (6, HEADER[column])
    assert f"rows.csv line 6, column {column + 1} ({HEADER[column]})" in str(error)


def test_a_cell_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    rows = [list(row) for row in ROWS]
    rows[4][1] = "1O"
    error = failing(tmp_path, rows)
    assert isinstance(error, ActivationError) and "'1O' is not a number" in str(error)


@pytest.mark.parametrize("cell", ["inf", "1e999"])
def test_a_number_that_is_not_finite_is_refused(tmp_path: Path, cell: str) -> None:
    rows = [list(row) for row in ROWS]
    rows[4][1] = cell
    assert isinstance(failing(tmp_path, rows), ActivationError)


@pytest.mark.parametrize(("column", "value"), [(1, "-2e120"), (2, "1e101")])
def test_a_number_that_is_too_large_to_be_squared_is_refused(tmp_path: Path, column: int, value: str) -> None:
    rows: list[list[object]] = [[x, z, x * 0.5] for x, z, _ in ROWS]
    rows[4][column] = value
    error = failing(tmp_path, rows)
    assert isinstance(error, TrainingDataError)
    assert f"rows.csv line 6, column {column + 1} ({HEADER[column]}): {float(value):g} exceeds 1e+100" in str(
        error
    )


def test_a_column_that_varies_less_than_numbers_can_be_scaled_is_constant(tmp_path: Path) -> None:
    error = failing(tmp_path, [[f"{x}e-310", z, kind] for x, z, kind in ROWS])
    assert isinstance(error, UnusableFeature) and error.column == "x"


def test_a_network_that_would_not_fit_into_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        OptionError, match=r"5,000, 5,000 units have 25,045,003 parameters; the limit is 10,000,000"
    ):
        created(IRIS, tmp_path / "out", hidden=(5000, 5000))


def test_targets_in_large_units_do_not_count_as_divergence(tmp_path: Path) -> None:
    rows = [[x, z, 1e6 + 1e5 * x] for x, z, _ in ROWS]
    data = write_table(tmp_path / "rows.csv", HEADER, rows)
    outcome = created(data, tmp_path / "out", trainer="lbfgs", scale=False, hidden=())
    assert outcome.fitted["best_epoch"]


def test_a_feature_with_text_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [[x, f"w{z}", kind] for x, z, kind in ROWS])
    assert isinstance(error, UnusableFeature) and "column 'z' of rows.csv holds text" in str(error)


def test_an_absent_target_is_refused_with_the_closest_name(tmp_path: Path) -> None:
    error = failing(tmp_path, ROWS, target=("kinds",))
    assert isinstance(error, MissingColumn) and error.role == "target"
    assert "has no column 'kinds'" in str(error) and "Did you mean kind?" in str(error)


def test_a_table_without_a_header_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [[1, 2, 3]] * 20, header=["1", "2", "3"])
    assert isinstance(error, MissingHeader)


def test_a_row_with_another_number_of_cells_is_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, [*ROWS, [1, 2]])
    assert isinstance(error, TrainingDataError) and "line 32 has 2 columns; the header has 3." in str(error)


def test_text_and_numbers_together_as_targets_are_refused(tmp_path: Path) -> None:
    error = failing(tmp_path, ROWS, target=("z", "kind"))
    assert "several targets must all be numeric" in str(error)


def test_a_learning_rate_that_diverges_is_reported_with_the_epoch(tmp_path: Path) -> None:
    for trainer in ("backprop", "adam"):
        for data in (IRIS, plane(tmp_path / "plane.csv")):
            with pytest.raises(
                Diverged, match=r"Training diverged in epoch \d+ with the learning rate 1e\+06"
            ):
                created(data, tmp_path / "out", trainer=trainer, learning_rate=1e6)
            assert not files(tmp_path / "out")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"training file .*none.csv was not found"):
        created(tmp_path / "none.csv", tmp_path / "out")
    with pytest.raises(InputMissing):
        refined(tmp_path / "none.pkl", IRIS, tmp_path / "out")


@pytest.mark.slow
def test_an_unknown_label_at_score_is_reported_with_its_line(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "out", epochs=3)
    data = write_table(
        tmp_path / "rows.csv", IRIS.read_text().splitlines()[0].split(","), [[5, 3, 1, 0.2, "virginca"]]
    )
    model = str(tmp_path / "out" / "currentSolution.pkl")
    with pytest.raises(UnknownLabel, match=r"line 2.*no class 'virginca'") as caught:
        evaluate(TrainingOptions(model=model, data=str(data)))
    assert "Did you mean virginica?" in str(caught.value)


def test_knowledge_whose_inputs_do_not_match_is_refused(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "out", epochs=3)
    model = tmp_path / "out" / "currentSolution.pkl"
    data = write_table(tmp_path / "rows.csv", HEADER, ROWS)
    with pytest.raises(InputsDiffer, match=r"rows.csv lacks 4 inputs of currentSolution.pkl"):
        refined(model, data, tmp_path / "new")
    with pytest.raises(InputsDiffer, match=r"takes 4 inputs, but rows.csv has 2 features"):
        refined(model, data, tmp_path / "new", features=("x", "z"))


def test_refining_into_the_folder_of_the_old_knowledge_is_refused(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "out", epochs=3)
    before = files(tmp_path / "out")
    with pytest.raises(OverwritesInput):
        refined(tmp_path / "out" / "currentSolution.pkl", IRIS, tmp_path / "out")
    assert files(tmp_path / "out") == before


def test_knowledge_that_is_not_from_a_training_run_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "currentSolution.pkl").write_bytes(b"precious")
    with pytest.raises(OutputExists):
        created(IRIS, tmp_path, epochs=3)
    assert files(tmp_path) == {"currentSolution.pkl": b"precious"}


@pytest.mark.parametrize("name", ["report.html", "metrics.json", "best.toml", "learning_curve.png"])
def test_files_that_are_not_from_a_training_run_are_neither_replaced_nor_removed(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(OutputExists, match=f"has a {name} that is not from a training run"):
        created(IRIS, tmp_path, epochs=3)
    assert files(tmp_path) == {name: b"precious"}


def test_a_score_replaces_only_a_score(tmp_path: Path) -> None:
    model = str(created(IRIS, tmp_path / "out", epochs=1).folder) + "/currentSolution.pkl"
    options = TrainingOptions(model=model, data=str(IRIS), out=str(tmp_path / "scores"))
    evaluate(options)
    evaluate(options)
    score = tmp_path / "scores" / "score.json"
    score.write_text("[1]", encoding="utf-8")
    with pytest.raises(OutputExists):
        evaluate(options)
    assert score.read_text(encoding="utf-8") == "[1]"


def test_a_network_that_is_too_large_to_be_read_is_refused_before_the_first_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(read_network, limits=Limits(opcodes=500))
    monkeypatch.setattr("training.outcome.read_network", small)
    recorder = Recorder()
    with pytest.raises(LimitExceeded, match="The network would be too large to be read from its file"):
        created(IRIS, tmp_path / "out", recorder)
    assert recorder.plan is None and not files(tmp_path / "out")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="ulimit is POSIX")
def test_a_full_disk_keeps_the_results_of_the_last_training_run(tmp_path: Path) -> None:
    created(IRIS, tmp_path / "out", epochs=3)
    before = files(tmp_path / "out")
    command = f"{sys.executable} -m training create --data {IRIS} --out {tmp_path / 'out'}"
    # Python would leave truncated bytecode where it cannot write all of it.
    script = f"ulimit -f 8; export PYTHONDONTWRITEBYTECODE=1; exec {command} --epochs 400"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 73, done.stderr
    assert "cannot be written: file too large" in done.stderr
    after = files(tmp_path / "out")
    after.pop(".checkpoint.json", None)  # from which it can go on
    assert after == before


@pytest.mark.slow
def test_a_second_training_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    import fcntl

    out = tmp_path / "out"
    created(IRIS, out, epochs=3)
    with (out / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = program("create", "--data", str(IRIS), "--out", str(out))
    assert done.returncode == 75
    assert f"Another training run is writing to {out}." in done.stderr


def test_no_metric_is_nan(tmp_path: Path) -> None:
    data = plane(tmp_path / "plane.csv", rows=12, targets=1)
    created(data, tmp_path / "out", epochs=2)
    text = (tmp_path / "out" / "metrics.json").read_text()
    json.loads(text, parse_constant=lambda name: pytest.fail(name))


@pytest.mark.slow
def test_training_results_do_not_remove_the_options_file(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    best = tmp_path / "best.toml"
    best.write_text("epochs = 2\nplots = false\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(OverwritesInput, match=r"best\.toml would overwrite"):
        training_options(PROJECT, CREATE, {"config": str(best), "out": str(tmp_path)}, {})
    ended = program("create", "--data", str(IRIS), "--config", str(best), "--out", str(tmp_path))
    assert ended.returncode == 2
    assert "would overwrite the input file" in ended.stdout + ended.stderr
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert training_options(PROJECT, EVALUATE, {"config": str(best), "out": str(tmp_path)}, {}).epochs == 2
