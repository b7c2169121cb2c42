"""The servers that are compared: their commands, settings and formats. All serve models/iris.pkl with one worker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from serving_sides import formats
from serving_sides.environments import CODE, HERE
from serving_sides.formats import Format

ROOT = HERE.parents[1]
KNOWLEDGE = ROOT / "models" / "iris.pkl"
CARD = ROOT / "models" / "iris.card.json"


@dataclass(frozen=True)
class Place:
    """Where a server runs.

    Attributes:
        environment: its virtual environment.
        folder: its own folder, for the files that it writes.
        port: the port to listen on.
    """

    environment: Path
    folder: Path
    port: int

    @property
    def python(self) -> str:
        """The Python of the environment."""
        return str(self.environment / "bin" / "python")

    def script(self, name: str) -> str:
        """Return the path of a program in the environment."""
        return str(self.environment / "bin" / name)


@dataclass(frozen=True)
class Side:
    """A server.

    Attributes:
        name: its name in the tables.
        package: its package and the name of its requirements; empty if it runs in the project's environment.
        command: returns the command for a place, after writing the files that it needs there.
        formats: its request formats; single rows are sent in the first one.
        variables: additional environment variables.
        echoes: whether it returns its input.
    """

    name: str
    package: str
    command: Callable[[Place], list[str]]
    formats: tuple[Format, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    echoes: bool = False


def _app07(place: Place) -> list[str]:
    serve = [sys.executable, str(ROOT / "App07.py"), "serve", "--engine", "local", "--workers", "1"]
    return [*serve, "--port", str(place.port), "--model", str(KNOWLEDGE)]


def _bare(place: Place) -> list[str]:
    return [sys.executable, str(HERE / "bare_route.py"), str(place.port)]


def _mlflow(place: Place) -> list[str]:
    model = place.folder / "model"
    export = [place.python, str(HERE / "export_model.py"), str(model), str(KNOWLEDGE), str(CARD)]
    if not model.exists():
        subprocess.run(export, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(CODE)})
    serve = [place.script("mlflow"), "models", "serve", "--model-uri", str(model), "--env-manager", "local"]
    return [*serve, "--host", "127.0.0.1", "--port", str(place.port), "--workers", "1"]


def _mlserver(place: Place) -> list[str]:
    shutil.copy(HERE / "mlserver_runtime.py", place.folder)
    server = {
        "debug": False,
        # Inference in the process of the server: handing rows to another one takes longer than computing them.
        "parallel_workers": 0,
        "host": "127.0.0.1",
        "http_port": place.port,
        "grpc_port": place.port + 1,
        "metrics_port": place.port + 2,
    }
    model = {
        "name": "iris",
        "implementation": "mlserver_runtime.Network",
        "parameters": {"uri": str(KNOWLEDGE)},
    }
    (place.folder / "settings.json").write_text(json.dumps(server), encoding="utf-8")
    (place.folder / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
    return [place.script("mlserver"), "start", str(place.folder)]


def _bentoml(place: Place) -> list[str]:
    shutil.copy(HERE / "bentoml_service.py", place.folder)
    serve = [place.script("bentoml"), "serve", "bentoml_service:Network", "--working-dir", str(place.folder)]
    return [*serve, "--host", "127.0.0.1", "--port", str(place.port)]


def _litserve(place: Place) -> list[str]:
    return [place.python, str(HERE / "litserve_server.py"), str(place.port)]


_KNOWLEDGE = {"KNOWLEDGE": str(KNOWLEDGE)}
_OURS = (formats.INSTANCES, formats.INFER, formats.BINARY, formats.CSV)
APP07, BARE = "App07", "bare FastAPI route"
SIDES = (
    Side(APP07, "", _app07, _OURS),
    Side(BARE, "", _bare, (formats.ECHO,), echoes=True),
    Side(
        "MLflow",
        "mlflow",
        _mlflow,
        (formats.MLFLOW, formats.MLFLOW_CSV),
        {"UVICORN_ACCESS_LOG": "false", "UVICORN_LOG_LEVEL": "warning", "MLFLOW_DISABLE_TELEMETRY": "true"},
    ),
    Side("MLServer", "mlserver", _mlserver, (formats.INFER,)),
    Side(
        "BentoML", "bentoml", _bentoml, (formats.INSTANCES,), {**_KNOWLEDGE, "BENTOML_DO_NOT_TRACK": "True"}
    ),
    Side("LitServe", "litserve", _litserve, (formats.INSTANCES,), _KNOWLEDGE),
)
