"""Stage 1: valid files are copied once, invalid ones are refused with the reason, and nothing is lost."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from common import atomic_files
from common.project import ACTIVATION_FILE, CARD_FILE, CODE_FILE, KNOWLEDGE_FILE, PROJECT, Layout

Drive = Callable[..., Any]

# The lock notes who holds it: it is meant to change.
OF_EVERY_RUN = {"output/.lock"}


def tree(layout: Layout) -> dict[str, tuple[int, int, bytes]]:
    """Return modification time, permissions and content of every file of a checkout."""
    found = {}
    for path in sorted(layout.root.rglob("*")):
        name = path.relative_to(layout.root).as_posix()
        if path.is_file() and name not in OF_EVERY_RUN:
            about = path.stat()
            found[name] = (about.st_mtime_ns, about.st_mode, path.read_bytes())
    return found


def age(layout: Layout) -> None:
    """Set an old modification time for every file, so that a rewritten file is detected."""
    for path in layout.root.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(10**18, 10**18))


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_selected_files_are_copied_to_the_stage_and_the_build_contexts(
    checkout: Layout, drive: Drive
) -> None:
    model, data = checkout.models / "course.pkl", checkout.root / "data" / "course_80.csv"
    done = drive("prepare", "--model", "course", "--data", str(data))
    assert (done.status, done.err) == (0, "")
    assert (checkout.stage1 / KNOWLEDGE_FILE).read_bytes() == model.read_bytes()
    assert (checkout.stage1 / ACTIVATION_FILE).read_bytes() == data.read_bytes()
    assert (checkout.stage1 / CODE_FILE).read_bytes() == checkout.code.read_bytes()
    assert checkout.own_knowledge.read_bytes() == model.read_bytes()
    assert checkout.own_activation.read_bytes() == data.read_bytes()


def test_the_output_reports_selected_files_reasons_and_actions(checkout: Layout, drive: Drive) -> None:
    data = checkout.root / "data" / "course_80.csv"
    said = drive("prepare", "--model", "course", "--data", str(data)).out.splitlines()
    assert said[:4] == [
        "",
        "Stage 1 · prepare the files",
        "---------------------------",
        "  knowledge   models/course.pkl (--model)",
    ]
    assert re.fullmatch(
        r" +FeedForwardNetwork, 1 inputs?, 1 outputs?, 25 parameters; read, not executed", said[4]
    )
    assert said[5] == "              inputs are not scaled (no card)"
    assert said[6] == "  activation  data/course_80.csv (--data)"
    assert re.fullmatch(r" +80 rows, compatible with the network", said[7])
    assert "  written     output/stage1_prepare_files/currentActivation.csv" in said
    assert "  written     output/stage1_prepare_files/UE_07_App5.py" in said
    kept = [
        line for line in said if "the replaced file is kept as output/stage1_prepare_files/replaced/" in line
    ]
    assert [line.split(";")[0] for line in kept] == [
        "  written     container1_activationbase/currentActivation.csv",
        "  written     container2_knowledgebase/currentSolution.pkl",
        "  written     container2_knowledgebase/currentSolution.card.json",
    ]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--model", "course", "--data", "data/course_80.csv"),
        ("--model", "iris", "--data", "data/iris_150.csv"),
    ],
    ids=["own", "course", "iris"],
)
def test_preparing_twice_changes_nothing(
    checkout: Layout, drive: Drive, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout.root)
    assert drive("prepare", *words).status == 0
    age(checkout)
    before = tree(checkout)
    again = drive("prepare", *words)
    assert again.status == 0
    assert changed(before, tree(checkout)) == set()
    assert "  written " not in again.out
    assert "  unchanged   output/stage1_prepare_files/currentActivation.csv" in again.out


def test_a_fresh_clone_is_already_prepared(checkout: Layout, drive: Drive) -> None:
    before = tree(checkout)
    assert drive("prepare").status == 0
    assert {name.partition("/")[0] for name in changed(before, tree(checkout))} == {"output"}


def test_replaced_files_are_kept(checkout: Layout, drive: Drive) -> None:
    old = {path: path.read_bytes() for path in (checkout.own_activation, checkout.own_knowledge)}
    old_card = checkout.own_knowledge.with_name(CARD_FILE)
    old[old_card] = old_card.read_bytes()
    drive("prepare", "--model", "course", "--data", str(checkout.root / "data" / "course_80.csv"))
    kept = {path.name: path.read_bytes() for path in (checkout.stage1 / "replaced").iterdir()}
    assert sorted(kept.values()) == sorted(old.values())
    assert [name.partition("-")[0] for name in sorted(kept)] == [
        "currentActivation",
        "currentSolution",
        "currentSolution",
    ]
    assert {name.partition(".")[2] for name in kept} == {"csv", "pkl", "card.json"}


@pytest.mark.parametrize("replace", ["both", "the card"])
def test_a_replaced_network_can_be_restored_with_its_card(
    replace: str, checkout: Layout, drive: Drive
) -> None:
    own_card = checkout.own_knowledge.with_name(CARD_FILE)
    before = checkout.own_knowledge.read_bytes(), own_card.read_bytes()
    if replace == "both":
        drive("prepare", "--model", "course", "--data", str(checkout.root / "data" / "course_80.csv"))
    else:
        (checkout.models / "plain.pkl").write_bytes(before[0])
        drive("prepare", "--model", "plain")
    assert not own_card.exists()
    (kept,) = (checkout.stage1 / "replaced").glob("currentSolution-*.pkl")
    drive("prepare", "--model", str(kept), "--data", str(checkout.root / "data" / "iris.csv"))
    assert (checkout.own_knowledge.read_bytes(), own_card.read_bytes()) == before


def test_switching_to_other_files_and_back_restores_the_project(checkout: Layout, drive: Drive) -> None:
    names = ("container1_activationbase", "container2_knowledgebase", "container3_codebase")
    before = {name: entry[2] for name, entry in tree(checkout).items() if name.startswith(names)}
    drive("prepare", "--model", "course", "--data", str(checkout.root / "data" / "course_80.csv"))
    drive("prepare", "--model", "iris", "--data", str(checkout.root / "data" / "iris.csv"))
    after = {name: entry[2] for name, entry in tree(checkout).items() if name.startswith(names)}
    assert changed(before, after) == set()


def test_the_card_is_added_and_removed_with_its_network(checkout: Layout, drive: Drive) -> None:
    own_card = checkout.own_knowledge.with_name(CARD_FILE)
    drive("prepare", "--model", "course", "--data", str(checkout.root / "data" / "course_80.csv"))
    assert not own_card.exists()
    assert not (checkout.stage1 / CARD_FILE).exists()
    drive("prepare", "--model", "iris", "--data", str(checkout.root / "data" / "iris.csv"))
    card = (checkout.models / "iris.card.json").read_bytes()
    assert own_card.read_bytes() == (checkout.stage1 / CARD_FILE).read_bytes() == card


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_the_card_of_a_compressed_network_is_found(
    checkout: Layout, drive: Drive, tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / f"net.pkl{ending}").write_bytes(pack((checkout.models / "iris.pkl").read_bytes()))
    shutil.copy(checkout.models / "iris.card.json", tmp_path / "net.card.json")
    assert drive("prepare", "--model", str(tmp_path / f"net.pkl{ending}")).status == 0
    assert (checkout.stage1 / CARD_FILE).is_file()


def test_variables_select_like_options(
    checkout: Layout, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_NAME", "course")
    monkeypatch.setenv("DATA_PATH", "data/course_80.csv")
    said = drive("prepare").out
    assert "  knowledge   models/course.pkl (MODEL_NAME)" in said
    assert "  activation  data/course_80.csv (DATA_PATH)" in said


def test_columns_can_be_selected_by_name(
    checkout: Layout, drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wide.csv").write_text("id,x,note,y\n1,0.5,7,0.25\n", encoding="utf-8")
    monkeypatch.setenv("INPUT_COLUMNS", "x")
    monkeypatch.setenv("TARGET_COLUMNS", "y")
    assert drive("prepare", "--model", "course", "--data", str(tmp_path / "wide.csv")).status == 0


def test_parquet_rows_become_the_projects_own_with_advice_for_compose(
    checkout: Layout, drive: Drive, tmp_path: Path
) -> None:
    parquet.write_table(pa.table({"x": [0.5]}), tmp_path / "rows.parquet")
    done = drive("prepare", "--model", "course", "--data", str(tmp_path / "rows.parquet"))
    assert done.status == 0
    assert "docker build --target fast -t codebase_app07_fast container3_codebase && " in done.err


def test_columns_to_keep_need_a_header(
    checkout: Layout, drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain.csv").write_text("0.5\n", encoding="utf-8")
    monkeypatch.setenv("KEEP_COLUMNS", "id")
    done = drive("prepare", "--model", "course", "--data", str(tmp_path / "plain.csv"))
    assert done.status == 65
    assert done.err == (
        "✗ plain.csv has no header, so that columns cannot be chosen by name.\n"
        "  Add a first line with the names. Or unset KEEP_COLUMNS.\n"
    )


@pytest.mark.parametrize("value", ["", " ", "x,,y", ","])
@pytest.mark.parametrize("name", ["INPUT_COLUMNS", "TARGET_COLUMNS", "KEEP_COLUMNS"])
def test_an_empty_column_variable_is_wrong_usage(
    checkout: Layout, drive: Drive, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    done = drive("prepare")
    assert done.status == 2
    assert done.err == f"✗ {name} is empty or has an empty column name\n  List column names, or unset it.\n"


def test_json_prints_only_json(checkout: Layout, drive: Drive) -> None:
    done = drive(
        "prepare", "--model", "course", "--data", str(checkout.root / "data" / "course_80.csv"), "--json"
    )
    assert (done.status, done.err) == (0, "")
    assert done.json == {
        "status": 0,
        "prepared": {
            "knowledge": {
                "from": "models/course.pkl",
                "chosen_by": "--model",
                "network": "FeedForwardNetwork",
                "inputs": 1,
                "outputs": 1,
                "parameters": 25,
                "scaling": "none",
                "scaling_not_used": None,
                "sha256": atomic_files.sha256_of(checkout.models / "course.pkl"),
            },
            "activation": {
                "from": "data/course_80.csv",
                "chosen_by": "--data",
                "rows": 80,
                "columns_used": {
                    "by": "position",
                    "inputs": ["x"],
                    "expected": ["y"],
                    "not_used": [],
                    "card_names_ignored": False,
                },
                "sha256": atomic_files.sha256_of(checkout.root / "data" / "course_80.csv"),
            },
        },
    }
    assert (
        json.loads((checkout.stage1 / "prepared.json").read_text(encoding="utf-8")) == done.json["prepared"]
    )


def test_a_failure_with_json_prints_json_and_the_reason_on_standard_error(
    checkout: Layout, drive: Drive
) -> None:
    done = drive("prepare", "--model", "irsi", "--json")
    assert done.status == 66
    assert done.json["status"] == 66
    assert done.json["error"].startswith("--model irsi: there is no such network; models/ has: ")
    assert done.err.startswith("✗ --model irsi: there is no such network")


def refused(checkout: Layout, drive: Drive, *words: str) -> tuple[int, str]:
    """Run a command that must be refused, assert that the checkout is unchanged, and return the result."""
    before = tree(checkout)
    done = drive("prepare", *words)
    assert changed(before, tree(checkout)) == set()
    assert "Traceback" not in done.out + done.err
    assert "  written " not in done.out
    return done.status, done.err


def rows(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


GOOD = "5.8,2.7,5.1,1.9\n"
HEADER = "sepal_length,sepal_width,petal_length,petal_width\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", ["rows.csv is empty"]),
        (HEADER, ["rows.csv"]),
        (GOOD + "5.8,,5.1,1.9\n", ["rows.csv", "line 2", "column 2"]),
        (HEADER + GOOD + "5.8,2.7,five,1.9\n", ["rows.csv", "line 3", "petal_length", "five"]),
        (HEADER + GOOD + "5.8,2.7,nan,1.9\n", ["rows.csv", "line 3", "petal_length", "nan"]),
        (HEADER + GOOD + "5.8,2.7,5.1,-inf\n", ["rows.csv", "line 3", "petal_width", "-inf"]),
        (HEADER + GOOD + HEADER + GOOD, ["rows.csv", "line 3"]),
        (HEADER + GOOD + "5.8,2.7,5.1\n", ["rows.csv", "line 3", "3", "4"]),
        (b"\x00\x01\x02\xff" * 100, ["rows.csv"]),
    ],
    ids=["empty", "header only", "empty cell", "text", "nan", "inf", "second header", "short row", "no text"],
)
def test_invalid_rows_are_refused_with_line_and_column(
    checkout: Layout, drive: Drive, tmp_path: Path, content: str | bytes, says: list[str]
) -> None:
    status, said = refused(checkout, drive, "--data", rows(tmp_path, content))
    assert status == 65
    assert said.startswith("✗ ")
    assert [word for word in says if word not in said] == []


def test_rows_of_the_wrong_width_are_refused_with_the_expected_width(
    checkout: Layout, drive: Drive, tmp_path: Path
) -> None:
    status, said = refused(checkout, drive, "--data", rows(tmp_path, ",".join(["1"] * 12) + "\n"))
    assert status == 65
    assert "rows.csv" in said
    assert "12 columns" in said
    assert "currentSolution.pkl" in said
    assert "4" in said
    assert len(said.splitlines()) >= 2, "the message does not say what to do"


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + HEADER + GOOD,
        (HEADER + GOOD).replace("\n", "\r\n"),
        "5,8;2,7;5,1;1,9\n",
        (HEADER + GOOD).replace(",", "\t"),
        HEADER + GOOD.rstrip("\n"),
    ],
    ids=["BOM", "CRLF", "decimal comma", "tabs", "no final newline"],
)
def test_rows_in_spreadsheet_notation_are_accepted(
    checkout: Layout, drive: Drive, tmp_path: Path, content: str
) -> None:
    done = drive("prepare", "--data", rows(tmp_path, content))
    assert (done.status, done.err) == (0, "")
    assert re.search(r"^ +1 rows?, compatible with the network$", done.out, re.MULTILINE)


@pytest.mark.parametrize("option", ["--model", "--data"])
def test_a_missing_file_and_a_folder_exit_with_66(
    checkout: Layout, drive: Drive, tmp_path: Path, option: str
) -> None:
    missing, folder = tmp_path / "missing.pkl", tmp_path / "folder"
    folder.mkdir()
    assert refused(checkout, drive, option, str(missing))[0] == 66
    status, said = refused(checkout, drive, option, str(folder))
    assert status == 66
    assert f"✗ {option} {folder} is a folder; a " in said


class Evil:
    """An object that runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_is_refused_and_not_executed(
    checkout: Layout, drive: Drive, tmp_path: Path, protocol: int
) -> None:
    model, trace = tmp_path / "net.pkl", tmp_path / "it-ran"
    model.write_bytes(pickle.dumps(Evil(f"touch {trace}"), protocol))
    status, said = refused(checkout, drive, "--model", str(model))
    assert status == 65
    assert "net.pkl" in said
    assert "system" in said
    assert not trace.exists()


@pytest.mark.parametrize(
    "break_it",
    [
        lambda good: b"",
        lambda good: good[: len(good) // 2],
        lambda good: good + good,
        lambda good: pickle.dumps([1, 2, 3]),
        lambda good: b"this is a letter, not a network\n",
        lambda good: good.replace(b"\n", b"\r\n"),
    ],
    ids=["empty", "truncated", "doubled", "a list", "text", "mangled line endings"],
)
def test_a_file_without_a_network_is_refused(
    checkout: Layout, drive: Drive, tmp_path: Path, break_it: Callable[[bytes], bytes]
) -> None:
    model = tmp_path / "net.pkl"
    model.write_bytes(break_it((checkout.models / "iris.pkl").read_bytes()))
    status, said = refused(checkout, drive, "--model", str(model))
    assert status == 65
    assert "net.pkl" in said


def test_a_card_of_another_network_is_refused(checkout: Layout, drive: Drive, tmp_path: Path) -> None:
    shutil.copy(checkout.models / "course.pkl", tmp_path / "net.pkl")
    shutil.copy(checkout.models / "iris.card.json", tmp_path / "net.card.json")
    data = str(checkout.root / "data" / "course_80.csv")
    status, said = refused(checkout, drive, "--model", str(tmp_path / "net.pkl"), "--data", data)
    assert status == 65
    assert "net.card.json lists 4 inputs; the network in net.pkl has 1" in said


def test_a_checkout_without_its_code_reports_the_missing_file(checkout: Layout, drive: Drive) -> None:
    checkout.code.unlink()
    done = drive("prepare")
    assert done.status == 66
    assert f"{checkout.code} " in done.err


@pytest.mark.parametrize("place", ["output", "output/stage1_prepare_files", "output/.lock"])
def test_an_output_folder_that_is_a_file_is_reported(checkout: Layout, drive: Drive, place: str) -> None:
    path = checkout.root / place
    if place == "output":
        shutil.rmtree(path)
    if place.endswith(".lock"):
        path.mkdir()
    else:
        path.touch()
    done = drive("prepare")
    assert done.status == 73
    assert f"{path} cannot be written: " in done.err


def test_a_full_disk_is_reported_and_the_projects_own_files_are_kept(
    checkout: Layout, drive: Drive, mount: Callable[..., Path], tmp_path: Path
) -> None:
    mount(checkout.output, "-t", "tmpfs", "-o", "size=64k")
    own = checkout.own_activation.read_bytes()
    done = drive("prepare", "--data", rows(tmp_path, GOOD * 20_000))
    assert done.status == 73
    assert "currentActivation.csv cannot be written: no space left on device" in done.err
    assert checkout.own_activation.read_bytes() == own
    assert not list(checkout.output.rglob("*.tmp"))


def test_a_read_only_checkout_is_reported(
    checkout: Layout, drive: Drive, read_only: Callable[[Path], Path]
) -> None:
    read_only(checkout.root)
    done = drive("prepare")
    assert done.status == 73
    assert "cannot be written: read-only file system" in done.err
    assert "internal error" not in done.err


def test_debug_shows_a_traceback(checkout: Layout, drive: Drive) -> None:
    done = drive("prepare", "--model", "irsi", "--debug")
    assert done.status == 66
    assert done.err.startswith("Traceback (most recent call last):\n")
    assert "✗ --model irsi: there is no such network" in done.err


def test_models_and_data_contain_the_projects_own_files() -> None:
    """Preparing iris again restores the project as it was cloned."""
    assert atomic_files.same_content(PROJECT.models / "iris.pkl", PROJECT.own_knowledge)
    assert atomic_files.same_content(
        PROJECT.models / "iris.card.json", PROJECT.own_knowledge.with_name(CARD_FILE)
    )
    assert atomic_files.same_content(PROJECT.root / "data" / "iris.csv", PROJECT.own_activation)
