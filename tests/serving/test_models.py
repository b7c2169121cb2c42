"""Which models are served, and what happens when their files change."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from common.project import PROJECT
from serving.errors import NotReady, UnknownModel
from serving.models.catalog import Catalog
from serving.settings import Settings, Source
from tests.serving.servers import Server, knowledge_of, limited

ONE, OTHER = ("tests/fixtures/networks/bn_4_6_3_tanh_tanh/net.p2.pkl", "models/iris.pkl")


def put(source: str, target: Path) -> None:
    """Replace a file as one step."""
    shutil.copy(PROJECT.root / source, target.with_suffix(".new"))
    target.with_suffix(".new").replace(target)


def catalog_of(*sources: Source) -> Catalog:
    catalog = Catalog(Settings(sources))
    catalog.refresh()
    return catalog


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_replaced_file_is_swapped_and_the_old_snapshot_does_not_change(tmp_path: Path) -> None:
    put(ONE, tmp_path / "net.pkl")
    catalog = catalog_of(Source(tmp_path))
    before = catalog.snapshot
    put(OTHER, tmp_path / "net.pkl")
    catalog.refresh()
    assert before.find("net").knowledge.sha256 != catalog.snapshot.find("net").knowledge.sha256
    assert before.find("net").activate(np.zeros((1, 4))).shape == (1, 3)


def test_an_unchanged_file_is_not_loaded_again(tmp_path: Path) -> None:
    put(ONE, tmp_path / "net.pkl")
    catalog = catalog_of(Source(tmp_path))
    before = catalog.snapshot
    catalog.refresh()
    assert (catalog.snapshot is before, catalog.reloads) == (True, 1)


def test_a_broken_file_keeps_the_old_version_and_is_a_problem_until_it_is_repaired(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    put(ONE, path)
    catalog = catalog_of(Source(tmp_path))
    sha256 = catalog.snapshot.find("net").knowledge.sha256
    path.write_bytes(b"broken")
    catalog.refresh()
    assert catalog.snapshot.find("net").knowledge.sha256 == sha256
    assert list(catalog.snapshot.problems) == [str(path)]
    put(OTHER, path)
    catalog.refresh()
    assert (dict(catalog.snapshot.problems), catalog.failures) == ({}, 1)


def test_files_with_a_number_are_the_versions_that_were_replaced(tmp_path: Path) -> None:
    put(OTHER, tmp_path / "net.1.pkl")
    put(ONE, tmp_path / "net.pkl")
    snapshot = catalog_of(Source(tmp_path)).snapshot
    assert [model.version for model in snapshot.models["net"]] == ["1", "2"]
    assert snapshot.find("net").version == "2"
    assert snapshot.find("net", "1").knowledge.sha256 != snapshot.find("net").knowledge.sha256


def test_a_changed_card_reloads_the_model(tmp_path: Path) -> None:
    put(OTHER, tmp_path / "net.pkl")
    catalog = catalog_of(Source(tmp_path))
    assert catalog.snapshot.find("net").names[0] == "input_0"
    shutil.copy(PROJECT.models / "iris.card.json", tmp_path / "net.card.json")
    catalog.refresh()
    assert catalog.snapshot.find("net").names[0] == "sepal_length"


def test_a_removed_file_is_served_until_it_is_missing_twice(tmp_path: Path) -> None:
    put(ONE, tmp_path / "net.pkl")
    catalog = catalog_of(Source(tmp_path))
    (tmp_path / "net.pkl").unlink()
    catalog.refresh()
    catalog.snapshot.find("net")
    catalog.refresh()
    assert catalog.snapshot.models == {}


def test_a_default_model_that_cannot_be_loaded_is_not_replaced_by_another(tmp_path: Path) -> None:
    (tmp_path / "first.pkl").write_bytes(b"broken")
    put(ONE, tmp_path / "second.pkl")
    snapshot = catalog_of(Source(tmp_path / "first.pkl", "first"), Source(tmp_path)).snapshot
    with pytest.raises(NotReady, match="'first' could not be loaded"):
        snapshot.find()
    assert snapshot.find("second").name == "second"
    with pytest.raises(UnknownModel, match=r"There is no model 'third'. Available models: second"):
        snapshot.find("third")


def test_a_network_that_draws_its_outputs_is_not_served(tmp_path: Path) -> None:
    put("tests/fixtures/networks/man_gaussian_enabled/net.p2.pkl", tmp_path / "net.pkl")
    (problem,) = catalog_of(Source(tmp_path)).snapshot.problems.values()
    assert "draws its outputs at random" in problem


def test_a_file_called_problem_among_models_is_not_read(tmp_path: Path) -> None:
    put(ONE, tmp_path / "net.pkl")
    (tmp_path / "problem").write_text("secret", encoding="utf-8")
    assert catalog_of(Source(tmp_path)).snapshot.problems == {}


@pytest.mark.parametrize(
    ("kind", "message"),
    [("link", "is a symbolic link"), ("pipe", "is not a regular file"), ("large", "2,000 bytes")],
)
def test_the_problem_of_a_registered_model_is_a_small_regular_file(
    tmp_path: Path, kind: str, message: str
) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    put(ONE, folder / "net.3.pkl")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    if kind == "link":
        (folder / "problem").symlink_to(tmp_path / "secret")
    elif kind == "pipe":
        os.mkfifo(folder / "problem")
    else:
        (folder / "problem").write_text("x" * 3000, encoding="utf-8")
    (problem,) = catalog_of(Source(folder, "net", registered=True)).snapshot.problems.values()
    assert message in problem


def test_pipes_in_place_of_files_block_neither_reloading_nor_the_stop(tmp_path: Path) -> None:
    for name in ("net.pkl", "other.pkl", "other.card.json", "problem"):
        os.mkfifo(tmp_path / name)
    put(ONE, tmp_path / "good.pkl")
    catalog = Catalog(Settings((Source(tmp_path),), poll_seconds=0.05))
    catalog.start()
    catalog.reload()
    until(lambda: catalog.failures >= 4)
    catalog.stop()
    assert list(catalog.snapshot.models) == ["good"]


def test_a_stop_does_not_wait_for_a_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(Settings((Source(tmp_path),)))
    catalog.start()
    ends, waits = threading.Event(), threading.Event()
    monkeypatch.setattr(catalog, "refresh", lambda: waits.set() or ends.wait(20))
    monkeypatch.setattr("serving.models.catalog._STOP_SECONDS", 0.05)
    catalog.reload()
    assert waits.wait(10)
    started = time.monotonic()
    catalog.stop()
    assert time.monotonic() - started < 5
    ends.set()


@pytest.mark.slow
def test_responses_come_from_one_version_while_the_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    put(ONE, path)
    row = [5.1, 3.5, 1.4, 0.2]
    expected = {}
    for source in (ONE, OTHER):
        put(source, path)
        model = catalog_of(Source(path, "net")).snapshot.find()
        expected[model.knowledge.sha256] = model.activate(np.array([row])).tolist()
    seen = set()
    with limited(path, tmp_path / "log") as server:
        stop = threading.Event()

        def replace() -> None:
            for source in itertools.cycle((ONE, OTHER)):
                put(source, path)
                os.kill(server.process.pid, signal.SIGHUP)
                if stop.wait(0.02):
                    return

        replacing = threading.Thread(target=replace)
        replacing.start()
        try:
            deadline = time.monotonic() + 1.5
            while time.monotonic() < deadline:
                answer = server.predict([row])
                assert answer.status == 200, answer.body
                sha256 = answer.json["model"]["sha256"]
                assert answer.json["predictions"] == expected[sha256]
                seen.add(sha256)
        finally:
            stop.set()
            replacing.join()
        assert seen == set(expected)
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


@pytest.mark.slow
def test_a_broken_file_shows_in_readyz_and_in_the_metrics(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    put(OTHER, path)
    with limited(path, tmp_path / "log") as server:
        assert server.get("/readyz").json == {"status": "ready", "models": {"net": "1"}, "problems": {}}
        path.write_bytes(b"broken")
        os.kill(server.process.pid, signal.SIGHUP)
        until(lambda: "net.pkl" in server.get("/readyz").json["problems"])
        assert server.get("/readyz").status == 200
        assert server.predict([[1, 2, 3, 4]]).status == 200
        assert "app07_model_problems 1\n" in server.get("/metrics").body.decode()


@pytest.mark.slow
def test_a_server_without_its_model_responds_and_is_not_ready(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    path.write_bytes(b"broken")
    with limited(path, tmp_path / "log") as server:
        assert server.get("/livez").status == 200
        for path in ("/readyz", "/ping", "/v2/health/ready"):
            assert server.get(path).status == 503
        answer = server.predict([[1.0]])
        assert (answer.status, answer.json["code"]) == (503, "not_ready")


def test_models_are_listed_and_described(server: Server) -> None:
    listed = server.get("/models").json
    assert listed["default"] == "iris"
    assert {"iris", "course", "rnn_bn_lstm"} <= {model["name"] for model in listed["models"]}
    found = server.get("/models/iris").json
    assert (found["input_shape"], found["output_shape"]) == ([-1, 4], [-1, 3])
    assert found["inputs"][0] == {"name": "sepal_length", "unit": "cm"}
    assert found["versions"] == [{"version": "1", "sha256": found["sha256"]}]
    assert (
        server.get("/models/rnn_bn_lstm").json["recurrent"] is knowledge_of("rnn_bn_lstm").network.recurrent
    )
    assert server.get("/models/..%2Firis").status == 404


def test_metrics_count_requests_rows_and_errors(server: Server) -> None:
    server.predict([[1, 2, 3, 4]] * 3)
    server.predict([[1]])
    text = server.get("/metrics").body.decode()
    assert 'app07_requests_total{route="/predict",status="200"}' in text
    assert 'app07_errors_total{code="invalid_instance"}' in text
    assert 'app07_request_seconds_bucket{route="/predict",le="+Inf"}' in text
    assert 'app07_batch_rows_count{model="iris"}' in text
    assert 'app07_model_info{model="iris",version="1",sha256="' in text


def test_a_request_id_of_the_client_is_returned(server: Server) -> None:
    for sent, same in (("abc-1", True), ("a b", False), ("x" * 65, False)):
        connection = server.connection()
        connection.request("GET", "/version", headers={"x-request-id": sent})
        response = connection.getresponse()
        response.read()
        assert (response.headers["x-request-id"] == sent) is same
        connection.close()
