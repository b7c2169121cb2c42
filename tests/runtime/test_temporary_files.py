"""Temporary files of killed runs, committed files of terminated runs, and concurrent runs."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pybrain_runtime import (
    ActivationStream,
    Knowledge,
    StreamOptions,
    activate_file,
    load_knowledge,
    open_prediction,
)
from pybrain_runtime.convert import convert_file
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.atomic_group import commit_together
from pybrain_runtime.io.locks import locked_folder
from pybrain_runtime.io.signals import signals_held_back
from pybrain_runtime.io.temporary_files import remove_leftovers, temporary_name

FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL = FIXTURES / "default/iris/currentSolution.pkl"
ROWS = FIXTURES / "default/iris/activation_all.csv"

WRITING = """
import os, sys, time
from pybrain_runtime import ActivationStream, load_knowledge, open_prediction
from pybrain_runtime.io.atomic_file import AtomicFile
knowledge = load_knowledge({model!r})
with ActivationStream({rows!r}, knowledge) as rows, open_prediction({output!r}, knowledge, rows) as prediction:
    AtomicFile({report!r}).write(b"half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Return a function that starts processes which write a prediction and its report, ``p.csv`` and ``p.json``."""
    running: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        code = WRITING.format(
            model=str(MODEL), rows=str(ROWS), output=str(tmp_path / "p.csv"), report=str(tmp_path / "p.json")
        )
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None and process.stdout.readline() == "writing\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def predict(output: Path) -> None:
    knowledge = load_knowledge(MODEL)
    with (
        ActivationStream(ROWS, knowledge) as activation,
        open_prediction(output, knowledge, activation) as prediction,
    ):
        for inputs, targets in activation:
            prediction.write(inputs, knowledge.activate(inputs), targets)
        prediction.commit()


def stream(output: Path) -> None:
    activate_file(load_knowledge(MODEL), ROWS, output)


@pytest.mark.slow
@pytest.mark.parametrize("run", [predict, stream])
def test_temporary_files_of_a_killed_run_are_removed_by_the_next_one(
    run: Callable[[Path], None], writer: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = writer()
    assert len(names(tmp_path)) == 2
    process.kill()
    process.wait()
    assert len(names(tmp_path)) == 2
    run(tmp_path / "p.csv")
    assert names(tmp_path) == {"p.csv", "p.json"}


@pytest.mark.slow
def test_files_of_a_running_process_are_never_removed(
    writer: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = writer()
    process.send_signal(signal.SIGSTOP)
    writing = names(tmp_path)
    predict(tmp_path / "p.csv")
    stream(tmp_path / "p.csv")
    assert names(tmp_path) == {"p.csv", "p.json"} | writing


def test_only_temporary_files_of_the_library_are_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    chance = "0123456789ab"
    kept = [
        f".p.csv.{chance}.tmp.bak", f".p.csv.{chance[:-1]}.tmp", f".p.csv.{chance}0.tmp", f"p.csv.{chance}.tmp",
        ".p.csv.0123456789xy.tmp", ".p.csv.tmp", f".q.csv.{chance}.tmp", f".p.csv.part.{chance}.tmp",
    ]  # fmt: skip
    for name in kept:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".p.csv.aaaaaaaaaaaa.tmp").symlink_to("precious")
    os.mkfifo(tmp_path / ".p.csv.bbbbbbbbbbbb.tmp")
    (tmp_path / ".p.csv.cccccccccccc.tmp").mkdir()
    before = names(tmp_path)
    predict(tmp_path / "p.csv")
    assert names(tmp_path) == before | {"p.csv", "p.json"}
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_temporary_file_of_another_user_is_not_removed(tmp_path: Path) -> None:
    leftover = Path(temporary_name(str(tmp_path / "p.csv")))
    leftover.write_text("theirs")
    os.chown(leftover, 65534, 65534)
    remove_leftovers(str(tmp_path / "p.csv"))
    assert leftover.read_text() == "theirs"
    os.chown(leftover, os.geteuid(), -1)
    remove_leftovers(str(tmp_path / "p.csv"))
    assert not leftover.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_partial_output_of_another_user_is_not_resumed(tmp_path: Path) -> None:
    part = tmp_path / ".p.csv.part"
    part.write_text("theirs")
    os.chown(part, 65534, 65534)
    with pytest.raises(Exception, match="it belongs to another user") as refused:
        stream(tmp_path / "p.csv")
    assert refused.value.status == 73 and part.read_text() == "theirs"  # type: ignore[attr-defined]


def test_a_conversion_removes_temporary_files_of_a_killed_one(tmp_path: Path) -> None:
    shutil.copy(MODEL, tmp_path / "net.pkl")
    (tmp_path / ".net.npz.0123456789ab.tmp").write_text("half")
    convert_file(tmp_path / "net.pkl", "npz")
    assert names(tmp_path) == {"net.pkl", "net.npz"}


# Somebody ends the run.


class EndingFile(AtomicFile):
    """A file that receives SIGTERM while it is renamed."""

    number = signal.SIGINT

    def commit(self) -> None:
        super().commit()
        os.kill(os.getpid(), self.number)


class EndedError(Exception):
    """SIGTERM was received."""


def test_signals_are_deferred_until_all_files_are_committed(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("old")
    files = [EndingFile(str(tmp_path / "p.csv")), AtomicFile(str(tmp_path / "p.json"))]
    for file in files:
        file.write(b"new")
        file.finish()
    with pytest.raises(KeyboardInterrupt):
        commit_together(files)
    for file in files:
        file.discard()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"p.csv": "new", "p.json": "new"}


def test_deferred_signals_take_effect_in_order_and_handlers_are_restored() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        with signals_held_back():
            with signals_held_back():
                os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
            assert seen == []
        assert seen == [signal.SIGTERM]
        os.kill(os.getpid(), signal.SIGTERM)
        assert seen == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


STOPPED = """
import signal, sys
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
def end(number, frame): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
knowledge = load_knowledge({model!r})
print("ready", flush=True)
while True:
    activate_file(knowledge, {rows!r}, {output!r}, StreamOptions(checkpoint=0.0, resume={resume}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("resume", [False, True])
def test_a_run_terminated_at_any_time_leaves_complete_files(
    number: signal.Signals, resume: bool, tmp_path: Path
) -> None:
    rows, output = tmp_path / "rows.csv", tmp_path / "out" / "p.csv"
    rows.write_text("5.1,3.5,1.4,0.2\n" * 300)
    output.parent.mkdir()
    activate_file(load_knowledge(MODEL), rows, output)
    whole = output.read_bytes()
    chance = random.Random(7)
    for _ in range(6):
        code = STOPPED.format(model=str(MODEL), rows=str(rows), output=str(output), resume=resume)
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.05))
            process.send_signal(number)
        assert output.read_bytes() == whole
        report = output.with_suffix(".json")
        if report.exists():  # between two names it is away, if the process is killed just there
            told = json.loads(report.read_text())["prediction"]["sha256"]
            assert told == hashlib.sha256(whole).hexdigest()
        if number != signal.SIGKILL:
            allowed = {"p.csv", "p.json"} | ({".p.csv.part", ".p.csv.journal"} if resume else set())
            assert names(output.parent) <= allowed and report.exists()
    activate_file(load_knowledge(MODEL), rows, output, StreamOptions(resume=resume))
    assert names(output.parent) == {"p.csv", "p.json"} and output.read_bytes() == whole


# Two runs at once.

AGAIN_AND_AGAIN = """
import sys
from pybrain_runtime import load_knowledge, read_activation, write_prediction
knowledge = load_knowledge({model!r})
activation = read_activation({rows!r}, knowledge)
outputs = knowledge.activate(activation.inputs) + float(sys.argv[1])
for _ in range(60):
    write_prediction({output!r}, knowledge, activation, outputs)
"""


@pytest.mark.slow
def test_prediction_and_report_are_always_of_the_same_run(tmp_path: Path) -> None:
    output = tmp_path / "p.csv"
    code = AGAIN_AND_AGAIN.format(model=str(MODEL), rows=str(ROWS), output=str(output))
    runs = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(3)]
    looked = 0
    while any(run.poll() is None for run in runs):
        with locked_folder(str(tmp_path)):
            if output.exists():
                told = json.loads((tmp_path / "p.json").read_text())["prediction"]["sha256"]
                assert told == hashlib.sha256(output.read_bytes()).hexdigest()
                looked += 1
        time.sleep(0.001)
    assert looked and [run.returncode for run in runs] == [0, 0, 0]
    assert names(tmp_path) == {"p.csv", "p.json"}


def test_committed_files_are_kept_when_the_run_is_terminated_afterwards(
    tmp_path: Path, flower: Knowledge
) -> None:
    def end(number: int, frame: object) -> None:
        raise EndedError

    before = signal.signal(signal.SIGTERM, end)
    try:
        with (
            pytest.raises(EndedError),
            ActivationStream(ROWS, flower) as activation,
            open_prediction(tmp_path / "p.csv", flower, activation) as prediction,
        ):
            for inputs, targets in activation:
                prediction.write(inputs, flower.activate(inputs), targets)
            ending = EndingFile(str(tmp_path / "other"))
            ending.number = signal.SIGTERM
            ending.finish()
            prediction.commit(activation.source(), before=[ending])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert names(tmp_path) == {"p.csv", "p.json", "other"}
