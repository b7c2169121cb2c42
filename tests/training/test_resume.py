"""An interrupted training keeps the best network so far; a killed one goes on to the same bytes."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pybrain_runtime.errors import CannotResume
from tests.training.runs import IRIS, Recorder, created, files
from training.results.folder import LOCK, ResultFolder
from training.scenarios import exclusive

CHECKPOINT = ".checkpoint.json"


def started(out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "training", "create", "--data", str(IRIS), "--out", str(out), "--no-plots",
         "--patience", "0", *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("trainer", ["adam", "lbfgs", "rprop", "backprop"])
@pytest.mark.parametrize("stopped", [1, 17])
def test_a_training_run_that_was_stopped_and_resumed_has_the_same_bytes(
    tmp_path: Path, trainer: str, stopped: int
) -> None:
    options: dict[str, Any] = {"trainer": trainer, "epochs": 40, "patience": 0}
    created(IRIS, tmp_path / "whole", **options)
    first = created(IRIS, tmp_path / "parts", Recorder(stop_after=stopped), **options)
    assert first.interrupted and first.fitted["epochs"] == stopped
    recorder = Recorder()
    created(IRIS, tmp_path / "parts", recorder, resume=True, **options)
    assert recorder.notes == [f"Continuing after epoch {stopped}."]
    assert [errors.epoch for errors in recorder.epochs] == list(range(stopped + 1, 41))
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


def test_an_interrupted_result_is_marked(tmp_path: Path) -> None:
    created(IRIS, tmp_path, Recorder(stop_after=5))
    card = json.loads((tmp_path / "currentSolution.card.json").read_text())
    assert card["interrupted"] is True
    assert card["training"]["reason"] == "interrupted"
    assert json.loads((tmp_path / "metrics.json").read_text())["fit"]["epochs"] == 5


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_the_interrupt_signal_ends_after_the_current_epoch_with_a_result(tmp_path: Path) -> None:
    running = started(tmp_path, "--epochs", "10000000")
    while not (tmp_path / CHECKPOINT).exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=600)
    assert running.returncode == 130, output
    assert {"currentSolution.pkl", "metrics.json", CHECKPOINT} <= files(tmp_path).keys()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_training_run_ends_before_its_first_epoch_when_its_command_is_killed(tmp_path: Path) -> None:
    script = (
        "import json, os, sys; from pipeline.engines.training_program import LocalTraining\n"
        "with LocalTraining().run('create', json.loads(sys.argv[1]), os.environ) as started:\n"
        "    print(started._program.pid, flush=True)\n"
        "    print(list(started.lines()), flush=True)"
    )
    options = {"data": str(IRIS), "out": str(tmp_path), "plots": False}
    with exclusive(ResultFolder(str(tmp_path))):  # the training waits for it for seconds
        starter = subprocess.Popen(
            [sys.executable, "-c", script, json.dumps(options)], stdout=subprocess.PIPE, text=True
        )
        assert starter.stdout is not None
        training = int(starter.stdout.readline())
        while str(tmp_path / LOCK) not in _open_files(training):
            assert starter.poll() is None
            time.sleep(0.02)
        starter.kill()
        starter.communicate()
        deadline = time.monotonic() + 3.0
        while _is_running(training):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _open_files(number: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{number}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(link.readlink()))
    return found


def _is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
def test_a_training_run_in_a_container_ends_when_the_command_that_started_it_has_ended(
    tmp_path: Path,
) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "training", "create", "--data", str(IRIS), "--out", str(tmp_path), "--no-plots",
         "--patience", "0", "--epochs", "10000000", "--events", "--end-with-input"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    while not (tmp_path / CHECKPOINT).exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.communicate(timeout=600)  # closes its input
    assert running.returncode == 141
    assert CHECKPOINT in files(tmp_path) and "currentSolution.pkl" not in files(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("trainer", ["adam", "backprop"])
def test_a_training_run_killed_at_random_moments_ends_with_the_same_bytes(
    tmp_path: Path, trainer: str
) -> None:
    # Twice as long as the longest of the killed runs: each writes one checkpoint, after its first epoch.
    options = ["--trainer", trainer, "--epochs", {"adam": "6000", "backprop": "700"}[trainer]]
    whole = started(tmp_path / "whole", *options)
    whole.communicate(timeout=600)
    assert whole.returncode == 0
    generator = random.Random(5)
    for _ in range(10):
        running = started(tmp_path / "killed", *options, "--resume")
        try:
            running.wait(generator.uniform(0.2, 1.2))
        except subprocess.TimeoutExpired:
            running.kill()
        running.communicate()
    last = started(tmp_path / "killed", *options, "--resume")
    output, _ = last.communicate(timeout=600)
    assert last.returncode == 0, output
    assert files(tmp_path / "whole") == files(tmp_path / "killed")


@pytest.mark.slow
def test_the_checkpoint_of_another_training_run_is_refused(tmp_path: Path) -> None:
    created(IRIS, tmp_path, Recorder(stop_after=5), seed=1)
    before = files(tmp_path)
    with pytest.raises(CannotResume, match="seed was 1 and is 2"):
        created(IRIS, tmp_path, seed=2, resume=True)
    assert files(tmp_path) == before


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_text('{"run": ')
    with pytest.raises(CannotResume, match="is damaged"):
        created(IRIS, tmp_path, resume=True)


@pytest.mark.parametrize("part", ["parameters", "trainer", "history", "best_parameters"])
@pytest.mark.parametrize("value", [None, [1], {"dtype": "<f8", "shape": [2], "data": "AAAA"}])
def test_a_checkpoint_with_a_damaged_part_is_refused(tmp_path: Path, part: str, value: object) -> None:
    created(IRIS, tmp_path, Recorder(stop_after=2))
    content = json.loads((tmp_path / CHECKPOINT).read_text())
    (tmp_path / CHECKPOINT).write_text(json.dumps({**content, part: value}))
    with pytest.raises(CannotResume, match="is damaged"):
        created(IRIS, tmp_path, resume=True)


def test_without_a_checkpoint_training_starts_with_the_first_epoch(tmp_path: Path) -> None:
    recorder = Recorder()
    created(IRIS, tmp_path, recorder, resume=True, epochs=3)
    assert recorder.notes == ["There is no checkpoint; training starts with the first epoch."]
    assert CHECKPOINT not in files(tmp_path)
