"""The seeds of the fuzzers are read like any other file, and the guard of the fuzzers detects side effects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.knowledge import read_network

FUZZ = Path(__file__).parents[2] / "fuzz"
SEEDS = sorted((FUZZ / "corpus" / "knowledge").iterdir())


def test_the_corpus_is_small_and_has_both_input_types() -> None:
    files = [path for path in (FUZZ / "corpus").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 200_000
    assert len(SEEDS) > 50 and len(list((FUZZ / "corpus" / "activation").iterdir())) > 20


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_a_seed_gives_a_working_network_or_an_error(path: Path) -> None:
    try:
        plan = CompiledNetwork(read_network(path.read_bytes(), "seed").network)
    except KnowledgeError as error:
        assert str(error)
        return
    random = np.random.RandomState(0) if plan.random else None
    assert plan.run(np.ones((2, plan.indim)), random=random).shape == (2, plan.outdim)


def test_many_seeds_are_networks_and_many_are_refused() -> None:
    networks = 0
    for path in SEEDS:
        try:
            networks += bool(read_network(path.read_bytes(), "seed"))
        except KnowledgeError:
            continue
    assert 20 < networks < len(SEEDS) - 20


@pytest.mark.parametrize(
    ("job", "event"),
    [
        ("import uuid", "import"),
        ("open('new', 'w')", "open"),
        ("os.open('new', os.O_CREAT | os.O_WRONLY)", "open"),
        ("os.system('true')", "os.system"),
        ("eval('1 + 1')", "compile"),
        ("pickle.loads(b'cos\\nsystem\\n.')", "pickle.find_class"),
        ("os.rename('a', 'b')", "os.rename"),
        ("socket.socket()", "socket.__new__"),
    ],
)
def test_the_guard_stops_any_side_effect(job: str, event: str, tmp_path: Path) -> None:
    program = (
        "import os, pickle, socket\nfrom guard import Crossed, Guard\n"
        f"def job():\n    try:\n        {job}\n    except Exception:\n        pass\n"
        "try:\n    Guard().watch(job)\nexcept Crossed as crossed:\n    print(str(crossed).split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(FUZZ)!r})\n{program}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{event}\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_guard_allows_computing_and_reading() -> None:
    program = (
        "from guard import Guard\nimport numpy as np\n"
        "import guard\nGuard().watch(lambda: (np.tanh(np.ones(9)).sum(), open(guard.__file__).read()))\nprint('done')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import sys; sys.path.insert(0, {str(FUZZ)!r})\n{program}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("done\n", "")
