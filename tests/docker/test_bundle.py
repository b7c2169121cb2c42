"""The example of the document as a bundle, from local servers to a prediction, with both versions of Compose."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from tests.bundles.servers import certificates, git_server, http_server, make_repository
from tests.control.conftest import control
from tests.control.examples import document_example
from tests.docker.conftest import COMMANDS

MODEL = PROJECT.models / "iris.pkl"
ROWS = b"5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n"
SCRIPT = b"""\
import os

from pybrain_runtime import activate_file, load_knowledge

activate_file(load_knowledge(os.environ["MODEL_PATH"]), os.environ["DATA_PATH"], os.environ["OUTPUT_PATH"])
print("predicted")
"""
# The packages of the example take their time to install; that they do is tested with one generation.
PACKAGES = {"v1": ["numpy"], "v2": ["pandas", "numpy", "scipy==1.10.1"]}


@pytest.fixture
def bundle(generation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of an unpacked bundle; its containers and images are removed at the end."""
    for name, value in certificates().items():
        monkeypatch.setenv(name, value)
    make_repository(tmp_path, "ml-code.git", {"activate.py": SCRIPT})
    answers = {"/data.csv": ROWS, "/model.pkl": MODEL.read_bytes()}
    folder = tmp_path / f"bundle-{generation}-{os.getpid()}"
    with (
        http_server(answers) as files,
        git_server(tmp_path) as repositories,
        control(tmp_path, "--allow-source", "localhost") as server,
    ):
        request = document_example(files, f"https://{repositories}/ml-code.git")
        request["containers"][2]["dependencies"] = PACKAGES[generation]
        answer = server.ask("POST", "/api/v1/compose/bundle", request)
    assert answer.status == 200, answer.body
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        archive.extractall(folder)
    yield folder
    command = [*COMMANDS[generation], "down", "--volumes", "--rmi", "local"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def test_the_example_of_the_document_runs_to_a_prediction(bundle: Path, generation: str) -> None:
    command = [*COMMANDS[generation], "up", "--build", "--abort-on-container-exit"]
    typed = subprocess.run(command, cwd=bundle, capture_output=True, text=True, timeout=300, check=False)
    assert typed.returncode == 0, typed.stdout + typed.stderr
    assert "predicted" in typed.stdout
    with (bundle / "shared_data" / "prediction.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    rows = [[float(cell) for cell in line.split(",")] for line in ROWS.decode().split()]
    model = next(bundle.glob("containers/knowledgebase/model/*.pkl"))
    outputs = [[float(cell) for cell in line[4:7]] for line in found[1:]]
    np.testing.assert_allclose(outputs, load_knowledge(model).activate(rows), rtol=1e-12)
    assert {path.owner() for path in (bundle / "shared_data").iterdir() if path.suffix == ".pkl"} == {
        bundle.owner()
    }
