"""Registered models of MLflow, served under their names and versions."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from common.project import PROJECT
from pipeline.stages.model_registry import Address
from pipeline.stages.served_models import ServedModels
from tests.pipeline.test_model_registry import MISSING, Answer, server
from tests.serving.servers import COMMAND, Server

IRIS, IRIS_CARD = (PROJECT.models / name for name in ("iris.pkl", "iris.card.json"))
COURSE = PROJECT.models / "course.pkl"
ROW = [5.1, 3.5, 1.4, 0.2]
CHAMPION = Address("iris", "champion", "")


class FakeRegistry:
    """MLflow with one model, ``iris``, whose versions are files; ``champion`` is one of them."""

    def __init__(self) -> None:
        self.champion = "3"
        self.versions: dict[str, bytes] = {"3": IRIS.read_bytes(), "5": COURSE.read_bytes()}
        self.down = False

    def __call__(self, path: str, query: Mapping[str, str]) -> Answer:
        if self.down:
            return 500, b""
        if path.endswith("/alias"):
            return 200, json.dumps({"model_version": {"version": self.champion}}).encode()
        if query["path"].endswith("card.json"):
            return (200, IRIS_CARD.read_bytes()) if query["version"] == "3" else MISSING
        content = self.versions.get(query["version"])
        return MISSING if content is None else (200, content)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "iris").iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("when", [["--refresh", "1"], ["--workers", "2"]])
def test_the_alias_is_resolved_again_and_a_failure_keeps_the_old_version(
    tmp_path: Path, when: list[str]
) -> None:
    registry = FakeRegistry()
    with server(registry) as uri:
        options = ["--model", "models:/iris@champion", "--tracking-uri", uri, *when]
        with Server(["-c", COMMAND, "serve", "--port", "0", *options], tmp_path / "log") as served:

            def look() -> None:
                if "--refresh" not in when:
                    served.process.send_signal(signal.SIGHUP)

            assert served.get("/models/iris").json["version"] == "3"
            assert served.predict([ROW]).json["labels"] == ["setosa"]
            registry.champion = "5"
            look()
            until(lambda: all(served.get("/models/iris").json["version"] == "5" for _ in range(12)))
            assert served.predict([[0.5]], model="iris").status == 200
            registry.down = True
            look()
            problem = f"models:/iris@champion: MLflow at {uri} responds with status 500"
            until(lambda: all(served.get("/readyz").json["problems"] == {"iris": problem} for _ in range(12)))
            assert served.get("/readyz").status == 200
            assert served.predict([[0.5]]).json["model"]["version"] == "5"
            assert served.stop() == 0
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


def test_a_broken_version_is_not_served_and_the_alias_may_be_reverted(tmp_path: Path) -> None:
    registry = FakeRegistry()
    with server(registry) as uri:
        models = ServedModels([CHAMPION], tmp_path, {"MLFLOW_TRACKING_URI": uri})
        models.download()
        assert files(tmp_path) == {"iris.3.pkl", "iris.3.card.json"}
        registry.champion, registry.versions["4"] = "4", b"broken"
        models.refresh()
        assert files(tmp_path) == {"iris.3.pkl", "iris.3.card.json", "problem"}
        assert (
            (tmp_path / "iris" / "problem")
            .read_text("utf-8")
            .startswith("models:/iris@champion: iris.4.pkl ")
        )
        registry.champion = "5"
        models.refresh()
        assert files(tmp_path) == {"iris.5.pkl"}
        registry.champion = "3"
        models.refresh()
        assert files(tmp_path) == {"iris.3.pkl", "iris.3.card.json"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--model", "models:/iris@x", "--tracking-uri", "http://127.0.0.1:9"], 69, "cannot be reached"),
        (["--model", "models:/a b@x", "--tracking-uri", "http://127.0.0.1:9"], 2, "is not a valid model name"),
        (["--refresh", "5"], 2, "--refresh is for registered models"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_served_ends_the_command(
    options: list[str], status: int, message: str
) -> None:
    command = [sys.executable, "-c", COMMAND, "serve", "--port", "0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, message in ended.stderr) == (status, True), ended.stderr
