"""MLflow's own clients, as they are, and pandas, against the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.extras import ensure
from common.project import PROJECT
from pybrain_runtime import load_knowledge
from tests.serving.servers import Server

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])


@pytest.mark.slow
def test_the_clients_of_mlflow_get_the_outputs_of_activate(server: Server, tmp_path: Path) -> None:
    ensure("track", PROJECT, print)
    # MLflow's client looks for scipy.sparse in a way that fails without the package scipy.
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "__init__.py").touch()
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    ended = subprocess.run(
        [sys.executable, Path(__file__).with_name("mlflow_calls.py"), str(server.port)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    expected = load_knowledge(PROJECT.models / "iris.pkl").activate(ROWS).tolist()
    assert len(result["found"]) == 8
    for name, found in result["found"].items():
        assert found == expected, name
    assert result["refused"] == [
        "instances[1]['petal_width'] is nan; expected a finite number.",
        "instances[0]['petal_width'] is null; expected a finite number.",
        "The DataFrame has duplicate column names.",
        "instances[0]['petal_width'] is of type Timestamp; expected a finite number.",
    ]
