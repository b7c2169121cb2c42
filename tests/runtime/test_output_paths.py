"""Output paths: no input is overwritten, no name of a card is used, only regular files are replaced."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import (
    ActivationStream,
    Knowledge,
    StreamOptions,
    activate_file,
    load_knowledge,
    open_prediction,
    read_activation,
    write_prediction,
)
from pybrain_runtime.errors import CannotWrite, KnowledgeError, PipelineError, UsageError
from pybrain_runtime.io.atomic_file import AtomicFile

FIXTURES = Path(__file__).parents[1] / "fixtures"
IRIS = FIXTURES / "default/iris"
UE07 = Path(__file__).parents[2] / "container3_codebase/UE_07_App5.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the default network, its card and 150 rows."""
    shutil.copy(IRIS / "currentSolution.pkl", tmp_path / "iris.pkl")
    shutil.copy(IRIS / "currentSolution.card.json", tmp_path / "iris.card.json")
    shutil.copy(IRIS / "activation_all.csv", tmp_path / "rows.csv")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return the contents of a folder, without links and pipes."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and not path.is_symlink()
    }


def as_stream(knowledge: Knowledge, data: Path, output: Path) -> None:
    activate_file(knowledge, data, output, StreamOptions(skip=True))


def as_whole(knowledge: Knowledge, data: Path, output: Path) -> None:
    activation = read_activation(data, knowledge)
    write_prediction(output, knowledge, activation, knowledge.activate(activation.inputs))


def in_parts(knowledge: Knowledge, data: Path, output: Path) -> None:
    with (
        ActivationStream(data, knowledge) as activation,
        open_prediction(output, knowledge, activation) as prediction,
    ):
        for inputs, targets in activation:
            prediction.write(inputs, knowledge.activate(inputs), targets)
        prediction.commit()


WAYS: tuple[Callable[[Knowledge, Path, Path], None], ...] = (as_stream, as_whole, in_parts)


# Cards.


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["iris.card.csv", "other.card.csv", "other.CARD.csv", "x.card.jsonl"])
def test_no_report_gets_the_name_of_a_card(
    name: str, way: Callable[[Knowledge, Path, Path], None], folder: Path
) -> None:
    before = contents(folder)
    knowledge = load_knowledge(folder / "iris.pkl")
    with pytest.raises(UsageError, match=r"(?i)\.card\.json (cannot be written|would overwrite)"):
        way(knowledge, folder / "rows.csv", folder / name)
    assert contents(folder) == before


def test_no_prediction_gets_the_name_of_a_card(folder: Path) -> None:
    with pytest.raises(UsageError, match="is the path of the report; choose another extension"):
        in_parts(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", folder / "x.card.json")
    with pytest.raises(UsageError) as refused:
        as_stream(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", folder / "x.card.json")
    assert str(refused.value) == (
        f"{folder / 'x.card.json'} cannot be written: the name is reserved for model cards.\n"
        "  Choose a name that does not end in .card.json."
    )


@pytest.mark.parametrize("way", [as_stream, in_parts])
def test_no_report_overwrites_the_card(way: Callable[[Knowledge, Path, Path], None], folder: Path) -> None:
    (folder / "iris.card.json").rename(folder / "my.json")
    (folder / "hard.json").hardlink_to(folder / "my.json")
    (folder / "sub").mkdir()
    before = contents(folder)
    knowledge = load_knowledge(folder / "iris.pkl", card=folder / "my.json")
    for output in ("my.csv", "sub/../my.csv", "hard.csv"):
        with pytest.raises(UsageError, match=r"json would overwrite .*/my\.json, which is an input"):
            way(knowledge, folder / "rows.csv", folder / output)
    assert contents(folder) == before


def test_a_report_is_not_a_card(folder: Path) -> None:
    as_stream(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", folder / "my.csv")
    with pytest.raises(KnowledgeError) as refused:
        load_knowledge(folder / "iris.pkl", card=folder / "my.json")
    assert str(refused.value) == (
        "my.json is not a card, but the report of a run.\n  Correct the card, or remove it."
    )
    (folder / "my.json").rename(folder / "iris.card.json")
    with pytest.raises(KnowledgeError, match=r"iris\.card\.json is not a card, but the report of a run\."):
        load_knowledge(folder / "iris.pkl")


def test_json_without_keys_of_a_card_is_not_a_card(folder: Path) -> None:
    for text in ('{"status": 0, "prediction": "p.csv"}', '{"Inputs": [], "Outputs": []}'):
        (folder / "iris.card.json").write_text(text)
        with pytest.raises(KnowledgeError) as refused:
            load_knowledge(folder / "iris.pkl")
        assert refused.value.message == (
            "iris.card.json is not a card: it has none of name, description, task, inputs, outputs, labels, classes, "
            "class_column, image."
        )
    (folder / "iris.card.json").write_text("{}")
    assert load_knowledge(folder / "iris.pkl").card is not None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"name": "a", "labels": ["a", "b", "c"], "name": "b"}', "name"),
        ('{"outputs": [{"mean": 1.0, "mean": 2.0}, {}, {}]}', "mean"),
    ],
)
def test_a_card_with_a_repeated_key_is_refused(text: str, key: str, folder: Path) -> None:
    (folder / "iris.card.json").write_text(text)
    with pytest.raises(KnowledgeError, match=rf"iris\.card\.json has the key '{key}' twice in one object\."):
        load_knowledge(folder / "iris.pkl")


# Other content at the path of a report.


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "content", ['{"mine": 1}', "not JSON", "[]", '{"status": "done", "versions": {}}', "[" * 100_000]
)
def test_a_report_replaces_only_an_earlier_report(
    content: str, way: Callable[[Knowledge, Path, Path], None], folder: Path
) -> None:
    (folder / "config.json").write_text(content)
    before = contents(folder)
    with pytest.raises(CannotWrite) as refused:
        way(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", folder / "config.csv")
    assert str(refused.value) == (
        f"{folder / 'config.json'} exists and is not the report of a run; the report of this one would overwrite "
        "it.\n  Choose another name for the prediction, or remove that file."
    )
    assert contents(folder) == before


@pytest.mark.parametrize("way", WAYS)
def test_an_earlier_report_and_an_empty_file_are_replaced(
    way: Callable[[Knowledge, Path, Path], None], folder: Path
) -> None:
    knowledge = load_knowledge(folder / "iris.pkl")
    (folder / "p.json").touch()
    for _ in range(2):
        way(knowledge, folder / "rows.csv", folder / "p.csv")
        assert json.loads((folder / "p.json").read_text())["activation"]["rows"] == 150
    assert set(contents(folder)) == {"iris.pkl", "iris.card.json", "rows.csv", "p.csv", "p.json"}


@pytest.mark.slow
def test_a_long_report_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    np.random.seed(1)
    (tmp_path / "wide.pkl").write_bytes(pickle.dumps(buildNetwork(1, 12_000, bias=False), 2))
    (tmp_path / "rows.csv").write_text("0.5\n" * 5)
    for _ in range(2):
        as_stream(load_knowledge(tmp_path / "wide.pkl"), tmp_path / "rows.csv", tmp_path / "p.csv")
    assert (tmp_path / "p.json").stat().st_size > 1 << 20
    (tmp_path / "q.json").write_text("[" + "1, " * 500_000 + "1]")
    with pytest.raises(CannotWrite, match=r"q\.json exists and is not the report of a run"):
        as_stream(load_knowledge(tmp_path / "wide.pkl"), tmp_path / "rows.csv", tmp_path / "q.csv")


def test_rejected_rows_overwrite_and_remove_only_rejected_rows(folder: Path) -> None:
    knowledge = load_knowledge(folder / "iris.pkl")
    mine = folder / "p.rejected.csv"
    mine.write_text("what I have rejected myself\n")
    with pytest.raises(CannotWrite, match=r"p\.rejected\.csv exists and does not hold rejected rows"):
        as_stream(knowledge, folder / "rows.csv", folder / "p.csv")
    assert mine.read_text() == "what I have rejected myself\n" and not (folder / "p.csv").exists()
    mine.write_text("line,reason,row\n3,none,x\n")
    as_stream(knowledge, folder / "rows.csv", folder / "p.csv")
    assert not mine.exists()


# Inputs.


@pytest.mark.parametrize(
    "name", [".p.csv.part", ".p.csv.journal", "p.json", "p.rejected.csv", ".p.rejected.csv.part"]
)
def test_rows_with_the_name_of_a_partial_output_are_not_overwritten(name: str, folder: Path) -> None:
    (folder / "rows.csv").rename(folder / name)
    before = contents(folder)
    with pytest.raises(UsageError, match=r"would overwrite .*, which is an input"):
        as_stream(load_knowledge(folder / "iris.pkl"), folder / name, folder / "p.csv")
    assert contents(folder) == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("data", "output"), [("rows.csv", "rows.csv"), ("rows.json", "rows.csv")])
def test_rows_are_not_overwritten(
    data: str, output: str, way: Callable[[Knowledge, Path, Path], None], folder: Path
) -> None:
    (folder / "rows.csv").rename(folder / data)
    before = contents(folder)
    with pytest.raises(UsageError, match=rf"/{data} would overwrite .*/{data}, which is an input"):
        way(load_knowledge(folder / "iris.pkl"), folder / data, folder / output)
    assert contents(folder) == before


@pytest.mark.slow
def test_rows_from_standard_input_are_not_overwritten(folder: Path) -> None:
    code = (
        "import sys; from pybrain_runtime import *; from pybrain_runtime.errors import PipelineError\n"
        "try: activate_file(load_knowledge(sys.argv[1]), '-', sys.argv[2])\n"
        "except PipelineError as error: sys.exit(f'{error.status} {error}')"
    )
    before = contents(folder)
    with (folder / "rows.csv").open("rb") as rows:
        done = subprocess.run(
            [sys.executable, "-c", code, folder / "iris.pkl", folder / "rows.csv"],
            stdin=rows, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.stderr.splitlines()[0] == (
        f"2 {folder / 'rows.csv'} would overwrite standard input, which is an input."
    )
    assert contents(folder) == before


@pytest.mark.slow
def test_the_container_overwrites_no_input(folder: Path) -> None:
    (folder / "rows.json").hardlink_to(folder / "rows.csv")
    for output in ("iris.pkl", "rows.csv", "iris.card.csv", "x.card.csv", "rows.html"):
        before = contents(folder)
        done = subprocess.run(
            [sys.executable, UE07],
            env=os.environ
            | {
                "MODEL_PATH": str(folder / "iris.pkl"),
                "DATA_PATH": str(folder / "rows.csv"),
                "OUTPUT_PATH": str(folder / output),
            },
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, contents(folder)) == (2, before), (output, done.stderr)
        assert re.search(
            r"would overwrite .*, which is an input|cannot be written: the name is reserved", done.stderr
        )


# What is no plain file.


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_link_elsewhere(path: Path) -> None:
    (path.parent / "elsewhere").write_text("mine")
    path.symlink_to("elsewhere")


def state_of(path: Path) -> tuple[int, ...]:
    """Return the state of a file, which shows changes and replacement; reading a link changes its access time."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_uid, found.st_size, found.st_mtime_ns, found.st_ctime_ns


KINDS: dict[Callable[[Path], None], str] = {
    make_pipe: "it is a named pipe.",
    make_socket: "it is a socket.",
    make_dangling_link: "it is a symbolic link, and links are neither followed nor replaced.",
    make_link_elsewhere: "it is a symbolic link, and links are neither followed nor replaced.",
    Path.mkdir: "it is a directory.",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["p.csv", "p.json"])
def test_irregular_files_are_not_changed(
    name: str, kind: Callable[[Path], None], way: Callable[[Knowledge, Path, Path], None], folder: Path
) -> None:
    kind(folder / name)
    before, state = contents(folder), state_of(folder / name)
    with pytest.raises(CannotWrite) as refused:
        way(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", folder / "p.csv")
    assert refused.value.message == f"{folder / name} cannot be written: {KINDS[kind]}"
    assert contents(folder) == before and state_of(folder / name) == state


@pytest.mark.parametrize("kind", [make_pipe, make_socket, Path.mkdir])
@pytest.mark.parametrize("name", [".p.csv.part", ".p.csv.journal", ".p.rejected.csv.part"])
def test_irregular_files_with_the_name_of_a_partial_output_are_not_changed(
    name: str, kind: Callable[[Path], None], folder: Path
) -> None:
    kind(folder / name)
    before = contents(folder)
    with pytest.raises(CannotWrite, match=rf"/{name} cannot be written: {KINDS[kind]}"):
        as_stream(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", folder / "p.csv")
    assert contents(folder) == before and (folder / name).exists()


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full", "/dev/tty"])
def test_a_device_is_not_written(device: str, folder: Path) -> None:
    if not Path(device).exists():
        pytest.skip("no such device here")
    for way in WAYS:
        with pytest.raises(CannotWrite) as refused:
            way(load_knowledge(folder / "iris.pkl"), folder / "rows.csv", Path(device))
        assert str(refused.value) == (
            f"{device} cannot be written: it is a device.\n  Use a regular file, or a path that does not exist yet."
        )


def test_a_path_that_names_no_file_is_an_error(folder: Path) -> None:
    knowledge, rows = load_knowledge(folder / "iris.pkl"), str(folder / "rows.csv")
    before = contents(folder)
    for output, what in (
        (f"{folder}/new/", "it names a directory, not a file."),
        (f"{folder}/", "it is a directory."),
        (str(folder), "it is a directory."),
        ("", "it names a directory, not a file."),
        (f"{folder}/p\0.csv", "it is not a valid path."),
        (f"{folder}/rows.csv/p.csv", "not a directory."),
        (f"{folder}/none/p.csv", "no such file or directory."),
        (f"{folder}/{'p' * 300}.csv", "file name too long."),
        (f"{folder}/{'p' * 250}.csv", "file name too long."),
    ):
        with pytest.raises(PipelineError) as refused:
            activate_file(knowledge, rows, output)
        assert refused.value.message.endswith(f" cannot be written: {what}"), output
        assert refused.value.status == 73
    assert contents(folder) == before


def test_the_path_is_checked_again_before_the_rename(folder: Path) -> None:
    file = AtomicFile(str(folder / "p.csv"))
    file.write(b"new")
    file.finish()
    make_pipe(folder / "p.csv")
    with pytest.raises(CannotWrite, match="it is a named pipe"):
        file.commit()
    assert (folder / "p.csv").is_fifo() and set(contents(folder)) == {
        "iris.pkl",
        "iris.card.json",
        "rows.csv",
    }
