"""The record of a run keeps what was recorded, once, whatever happens to the process that writes it."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

import pytest

from pybrain_runtime.errors import CannotResume, CannotWrite, InputMissing
from training.tracking.record import RunRecord
from training.tracking.record_file import Model, Point, Recorded, read_added, read_record, result_file


def created(folder: Path) -> RunRecord:
    return RunRecord.create(folder, name="iris", experiment="app07", now=lambda: 1000.5)


def content(folder: Path) -> Recorded:
    return read_record(folder / "tracking" / "record.jsonl")


def test_the_recorded_values_are_read_back(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        record.params({"epochs": 300, "task": "auto", "batch": False, "learning_rate": None})
        record.tags({"scenario": "create"})
        record.metrics(1, {"train_error": 0.5, "validation_error": 0.25})
        record.artifact("plot.png", "plots")
        record.model("currentSolution.pkl", register="iris", alias="champion")
        record.end("FINISHED")
    found = content(tmp_path)
    assert (found.key, found.name, found.experiment, found.started) == (record.key, "iris", "app07", 1000500)
    assert found.params == {"epochs": "300", "task": "auto", "batch": "False"}
    assert found.points == [
        Point("train_error", 0.5, 1, 1000500), Point("validation_error", 0.25, 1, 1000500),
    ]  # fmt: skip
    assert found.artifacts == {"plot.png": "plots"}
    assert found.model == Model("currentSolution.pkl", "iris", "champion")
    assert (found.status, found.ended) == ("FINISHED", 1000500)


def test_a_metric_that_is_not_finite_is_omitted(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        record.metrics(1, {"a": math.nan, "b": 1.0, "c": math.inf})
    assert [point.key for point in content(tmp_path).points] == ["b"]


def test_a_continued_record_has_each_step_once(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        for step in range(1, 6):
            record.metrics(step, {"error": 1.0 / step})
        record.end("KILLED")
    with RunRecord.reopen(tmp_path) as again:
        for step in range(3, 9):  # the checkpoint is older than the record
            again.metrics(step, {"error": 1.0 / step})
        assert content(tmp_path).status is None
        again.end("FINISHED")
    assert again.key == record.key
    assert [point.step for point in content(tmp_path).points] == list(range(1, 9))


def test_a_line_that_a_killed_process_left_incomplete_is_removed(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        record.metrics(1, {"error": 1.0})
    path = tmp_path / "tracking" / "record.jsonl"
    path.write_bytes(path.read_bytes() + b'{"metrics": {"err')
    assert len(content(tmp_path).points) == 1
    with RunRecord.reopen(tmp_path) as again:
        again.metrics(2, {"error": 0.5})
    assert [json.loads(line) for line in path.read_text().splitlines()]
    assert [point.step for point in content(tmp_path).points] == [1, 2]


def test_a_reader_gets_the_added_lines(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        found = content(tmp_path)
        record.metrics(1, {"error": 1.0})
        record.end("FINISHED")
        read_added(tmp_path / "tracking" / "record.jsonl", found)
    assert (len(found.points), found.status) == (1, "FINISHED")


@pytest.mark.slow
def test_very_long_runs_keep_a_small_record_and_their_last_step(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        for step in range(1, 20_005):
            record.metrics(step, {"error": 1.0})
    steps = [point.step for point in content(tmp_path).points]
    assert steps[:5_000] == list(range(1, 5_001))
    assert (len(steps), steps[-2:]) == (6_501, [20_000, 20_004])


def test_recording_takes_a_small_part_of_an_epoch(tmp_path: Path) -> None:
    with created(tmp_path) as record:
        started = time.process_time()
        for step in range(1, 10_001):
            record.metrics(step, {"train_error": 0.1, "validation_error": 0.2})
        spent = time.process_time() - started
    assert spent / 10_000 < 60e-6  # an epoch of iris takes 300 microseconds; measured: 6


@pytest.mark.parametrize(
    "line",
    [
        '{"artifact": "../../etc/passwd", "folder": ""}',
        '{"artifact": "/etc/passwd", "folder": ""}',
        '{"metrics": {"a": NaN}, "step": 1, "time": 1}',
        '{"metrics": {"a": "1"}, "step": 1, "time": 1}',
        '{"end": "DONE", "time": 1}',
        '{"params": 3}',
        '{"tags": {"a": 1}}',
        "[" * 20_000,
        "3",
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused(tmp_path: Path, line: str) -> None:
    with created(tmp_path):
        pass
    path = tmp_path / "tracking" / "record.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(CannotResume, match="damaged"):
        read_record(path)


def test_a_missing_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CannotResume, match="no record"):
        RunRecord.reopen(tmp_path)


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("kept")
    (tmp_path / "tracking").mkdir()
    (tmp_path / "tracking" / "record.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(CannotWrite):
        created(tmp_path)
    assert (tmp_path / "other").read_text() == "kept"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    record = created(tmp_path)
    assert record._descriptor is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, record._descriptor)
    os.close(full)
    with pytest.raises(CannotWrite, match="no space"):
        record.end("FINISHED")


def test_a_recorded_file_reached_through_a_symbolic_link_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("secret", encoding="utf-8")
    results = tmp_path / "results"
    (results / "plots").mkdir(parents=True)
    (results / "link").symlink_to(tmp_path / "elsewhere")
    assert result_file(results, "plots/a.png") == results / "plots" / "a.png"
    for name in ("link/secret", "link/deeper/secret"):
        with pytest.raises(InputMissing, match="link is a symbolic link, and links are not followed"):
            result_file(results, name)
