"""The processes that decode Parquet files and Arrow streams: what they answer, and what happens when they end."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from common.project import PROJECT
from pybrain_runtime import Knowledge, load_knowledge
from serving.child_process import child_command, child_environment
from serving.errors import InvalidInstance, InvalidTable, OutOfMemory, PayloadTooLarge, TooBusy
from serving.requests import table_process
from serving.requests.table_process import predict_in_process
from serving.requests.tables import predict_file
from serving.settings import RequestLimits
from tests.serving.servers import Server

KIND = "application/vnd.apache.parquet"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def rows_file(path: Path, values: list[float | None]) -> Path:
    parquet.write_table(pa.table([pa.array(values, pa.float64())] * 4, names=NAMES), path)
    return path


def predicted(
    path: Path, limits: RequestLimits | None = None, model: str = "iris.pkl", kind: str = KIND
) -> tuple[Path, int]:
    knowledge = load_knowledge(PROJECT.models / model)
    return predict_in_process(knowledge, path, kind, "text/csv", "float64", limits or RequestLimits())


@pytest.mark.slow
def test_the_response_of_a_process_is_that_of_a_thread(tmp_path: Path) -> None:
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")
    knowledge.activate(np.zeros((1, 4)))  # what is compiled stays here
    arguments = (KIND, "text/csv", "float64", RequestLimits())
    path, count = predict_in_process(knowledge, rows_file(tmp_path / "body", [1.0, 0.3]), *arguments)
    found = path.read_bytes()
    path.unlink()
    assert (found, count) == (predict_file(knowledge, tmp_path / "body", *arguments)[0].read_bytes(), 2)


@pytest.mark.slow
def test_an_error_keeps_its_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidInstance, match=r"^body row 2, column 1 \(sepal_length\): the value") as caught:
        predicted(rows_file(tmp_path / "body", [1.0, None]))
    assert caught.value.details == {"line": 2, "column": 1}


@pytest.mark.slow
def test_limits_apply_in_the_process(tmp_path: Path) -> None:
    with pytest.raises(PayloadTooLarge, match="takes longer than -1 s; 2 rows were predicted") as caught:
        predicted(rows_file(tmp_path / "body", [1.0, 2.0]), RequestLimits(table_seconds=-1.0))
    assert caught.value.details == {"limit": -1}


@pytest.mark.parametrize(
    ("program", "error", "message"),
    [
        ("import os; os.abort()", InvalidTable, "its decoder was killed by signal 6"),
        ("import os; os.kill(os.getpid(), 9)", OutOfMemory, "not enough memory"),
        ("raise SystemExit('a reason')", RuntimeError, "status 1: a reason"),
    ],
)
def test_the_end_of_a_process_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, error: type[Exception], message: str
) -> None:
    monkeypatch.setattr(table_process, "_COMMAND", (sys.executable, "-S", "-c", program))
    with pytest.raises(error, match=message):
        predicted(tmp_path / "body")


def test_a_process_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        table_process, "_COMMAND", (sys.executable, "-S", "-c", "import time; time.sleep(60)")
    )
    with pytest.raises(PayloadTooLarge, match=r"The table takes longer than -9\.9 s"):
        predicted(tmp_path / "body", RequestLimits(table_seconds=-9.9))


def full(size: int) -> None:
    """Refuse any byte of an answer."""
    if size:
        raise TooBusy("There is no space left.")


@pytest.mark.slow
@pytest.mark.parametrize("predict", [predict_file, predict_in_process])
def test_a_prediction_without_disk_space_is_not_completed(
    tmp_path: Path, predict: Callable[..., tuple[Path, int]]
) -> None:
    rows = np.random.RandomState(0).rand(100_000, 4)
    parquet.write_table(pa.table(dict(zip(NAMES, rows.T, strict=True))), tmp_path / "body")
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")
    with pytest.raises(TooBusy, match="no space left"):
        predict(knowledge, tmp_path / "body", KIND, "text/csv", "float64", RequestLimits(), full)
    assert not (tmp_path / "prediction.csv").exists()


@pytest.mark.slow
def test_a_process_ends_with_the_server(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "body")  # opening it waits for a writer
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")
    request = (knowledge, tmp_path / "body", KIND, "text/csv", "float64", RequestLimits())
    command = child_command("serving.requests.table_worker")
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=child_environment()) as process:
        assert process.stdin is not None
        process.stdin.write(table_process._pickled(request))
        process.stdin.close()
        assert process.wait(300) == -signal.SIGKILL


def test_networks_of_all_kinds_reach_the_process() -> None:
    for path in sorted((PROJECT.root / "tests" / "fixtures" / "networks").glob("[br]*/net.[px]*l"))[::9]:
        knowledge = load_knowledge(path)
        rows = np.ones((2, knowledge.indim))
        expected = knowledge.activate(rows)  # which compiles it
        found: Knowledge = pickle.loads(table_process._pickled(knowledge.replace()))
        assert found.activate(rows).tobytes() == expected.tobytes()


@pytest.mark.slow
def test_a_damaged_file_is_status_422_and_the_server_keeps_running(server: Server, tmp_path: Path) -> None:
    content = rows_file(tmp_path / "body", [0.0, 1.0]).read_bytes()
    kind = {"content-type": KIND}
    damaged = content.replace(b"%\x02\x18\x0csepal_length", b"%\x00\x18\x0csepal_length")
    assert damaged != content
    answer = server.ask("POST", "/predict?model=iris", damaged, kind)
    assert (answer.status, answer.json["code"]) == (422, "invalid_instance")
    assert answer.json["error"].startswith("body is a damaged Parquet file: ")
    assert server.ask("POST", "/predict?model=iris", content, kind).status == 200
