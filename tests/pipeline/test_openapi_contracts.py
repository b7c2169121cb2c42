"""The servers do what their OpenAPI documents say: schemathesis sends what it makes of the documents.

Its packages do not fit beside those of the other tests, so it has an environment of its own from
requirements/contract.lock. `nox -s contract` runs this with more examples: the environment variable CONTRACT_EXAMPLES.
With it, each route of `control` gets every body (see `shared_bodies`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.project import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("contract")]

EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "15")
HOOKS = {} if "CONTRACT_EXAMPLES" in os.environ else {"SCHEMATHESIS_HOOKS": "tests/pipeline/shared_bodies.py"}
# Command of the server, options of schemathesis, options of its command `run`.
CONTRACTS = {
    "serve": (("serve", "--engine", "local", "--model", "iris"), (), ()),
    # A request can fit its schema and be refused: no schema says that names differ, or that images are allowed.
    "control": (
        ("control", "--rate", "none", "--bundle-rate", "none"),
        ("--config-file", "requirements/contract-control.toml"),
        ("--exclude-checks", "positive_data_acceptance"),
    ),
}


@pytest.fixture(scope="module")
def schemathesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install schemathesis, and return its program."""
    environment = tmp_path_factory.mktemp("contract") / "venv"
    venv.create(environment)
    folder = environment / ("Scripts" if os.name == "nt" else "bin")
    lock = PROJECT.root / "requirements" / "contract.lock"
    # The pip of this environment; Python compiles what is used.
    pip = (sys.executable, "-m", "pip", "--python", folder / "python", "--disable-pip-version-check")
    words = ("install", "--quiet", "--no-compile", "--no-deps", "--require-hashes")
    subprocess.run([*pip, *words, "-r", lock], check=True)
    return folder / "schemathesis"


@contextmanager
def running(log: Path, *command: str) -> Iterator[str]:
    """Start a server on a free port, with its log in a file, and yield its address."""
    words = [sys.executable, PROJECT.root / "App07.py", *command, "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(words, cwd=PROJECT.root, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            line = next((line for line in server.stdout if "address" in line), "")
            assert line, f"the server has not started: {log.read_text()}"
            yield line.split()[1]
        finally:
            server.terminate()
            server.communicate(timeout=600)


@pytest.mark.parametrize("name", CONTRACTS)
def test_schemathesis_finds_nothing(name: str, schemathesis: Path, tmp_path: Path) -> None:
    command, general, options = CONTRACTS[name]
    if name == "control":
        command = (*command, "--audit-log", str(tmp_path / "audit.jsonl"))
    with running(tmp_path / "server.log", *command) as address:
        found = subprocess.run(
            [
                *(str(schemathesis), *general, "run", f"{address}/openapi.json"),
                *("--checks", "all", "--max-examples", EXAMPLES, *options),
            ],
            cwd=PROJECT.root, env=os.environ | HOOKS, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert found.returncode == 0, found.stdout[-8000:]
    assert " passed" in found.stdout
