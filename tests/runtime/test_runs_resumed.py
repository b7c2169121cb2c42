"""An interrupted run resumes at its checkpoint, and gives the same bytes as an uninterrupted one."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import Knowledge, Outcome, Progress, StreamOptions, activate_file, load_knowledge
from pybrain_runtime.errors import CannotResume, CannotWrite
from pybrain_runtime.io.input_file import BLOCK

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).parents[1] / "fixtures"
FLOWER = FIXTURES / "default/iris/currentSolution.pkl"
PEEPHOLES = FIXTURES / "networks/rnn_bn_lstm_peep/net.p2.pkl"
DIGITS = 170  # numbers so long that a few thousand rows make a part
PARTS = 5
PLAIN = StreamOptions()


class InterruptedRunError(Exception):
    """The error that interrupts a run."""


def long_csv(path: Path, columns: int, *, bad: tuple[int, ...] = (), parts: int = PARTS) -> Path:
    """Write a CSV file of slightly more than a number of chunks; the rows with the given indices hold a word."""
    count = (parts * BLOCK + BLOCK // 3) // (columns * (DIGITS + 3))
    rows = np.random.default_rng(columns).uniform(0.1, 0.9, size=(count, columns)).tolist()
    lines = [",".join(f"{value:.{DIGITS}f}" for value in row) for row in rows]
    for row in bad:
        lines[row] = "word" + lines[row][4:]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def interrupt_run(
    knowledge: Knowledge,
    data: Path,
    output: Path,
    options: StreamOptions = PLAIN,
    *,
    after: int = 3,
) -> None:
    """Run, and interrupt the run after a number of checkpoints."""
    seen: list[Progress] = []

    def listen(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > after:
            raise InterruptedRunError

    options = options.replace(resume=True, checkpoint=0.0)
    with pytest.raises(InterruptedRunError):
        activate_file(knowledge, data, output, options, on_progress=listen)


def go_on(knowledge: Knowledge, data: Path, output: Path, options: StreamOptions = PLAIN) -> Outcome:
    return activate_file(knowledge, data, output, options.replace(resume=True))


KILLED = """
import os, signal
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
seen = []
def listen(progress):
    seen.append(progress)
    if len(seen) > {after}:
        os.kill(os.getpid(), signal.SIGKILL)
activate_file(load_knowledge({model!r}), {data!r}, {output!r},
              StreamOptions(checkpoint=0.0, **{options!r}), on_progress=listen)
"""


def kill_run(model: Path, data: Path, output: Path, *, after: int = 3, **options: Any) -> None:
    """Run in a separate process, and kill it (`kill -9`) after a number of checkpoints."""
    code = KILLED.format(after=after, model=str(model), data=str(data), output=str(output), options=options)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def names_in(folder: Path) -> set[str]:
    return set(os.listdir(folder))  # noqa: PTH208 - hidden ones too, and names are all that is asked for


def results_of(outcome: Outcome) -> tuple[bytes, bytes, dict[str, Any]]:
    """Return the results of a run: prediction, rejected rows, and the report without times."""
    report = json.loads(json.dumps(outcome.prediction.report))
    del report["started"], report["duration_s"]
    report["activation"]["rejected_file"] = report["prediction"]["file"] = ""
    rejected = Path(outcome.rejected_path).read_bytes() if outcome.rejected_path else b""
    return Path(outcome.prediction.path).read_bytes(), rejected, report


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return rows for the iris network, with one invalid row in the first, third and last chunk."""
    return long_csv(tmp_path_factory.mktemp("rows") / "rows.csv", 4, bad=(7, 3_900, 7_800))


@pytest.mark.parametrize("fast", [True, False], ids=["pyarrow", "light"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_killed_run_resumes_to_the_same_bytes(
    ending: str, fast: bool, rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    options = StreamOptions(fast=fast, skip=True)
    whole = activate_file(flower, rows, tmp_path / f"whole{ending}", options)
    assert whole.rejected == 3
    (tmp_path / "there").mkdir()
    output = tmp_path / "there" / f"p{ending}"
    kill_run(FLOWER, rows, output, fast=fast, skip=True, resume=True)
    assert names_in(output.parent) == {
        f".p{ending}.part", f".p{ending}.journal", ".p.rejected.csv.part"
    }  # fmt: skip
    done = go_on(flower, rows, output, options)
    assert 0 < done.continued < done.prediction.rows
    assert results_of(done) == results_of(whole)
    assert names_in(output.parent) == {output.name, "p.json", "p.rejected.csv"}


def test_a_killed_run_without_resume_can_be_resumed(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    options = StreamOptions(skip=True)
    kill_run(FLOWER, rows, tmp_path / "p.csv", skip=True)
    done = go_on(flower, rows, tmp_path / "p.csv", options)
    assert done.continued > 0
    assert results_of(done) == results_of(activate_file(flower, rows, tmp_path / "whole.csv", options))


def test_the_recurrent_state_is_restored(tmp_path: Path) -> None:
    knowledge = load_knowledge(PEEPHOLES)
    data = long_csv(tmp_path / "rows.csv", knowledge.indim)
    whole = activate_file(knowledge, data, tmp_path / "whole.csv")
    kill_run(PEEPHOLES, data, tmp_path / "p.csv")
    done = go_on(knowledge, data, tmp_path / "p.csv")
    assert done.continued > 0 and results_of(done) == results_of(whole)
    numbers = np.loadtxt(tmp_path / "p.csv", delimiter=",", skiprows=1)
    inputs = numbers[:, : knowledge.indim]
    assert (numbers[:, knowledge.indim :] == knowledge.activate(inputs)).all()


def test_a_run_can_be_interrupted_repeatedly(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    options = StreamOptions(skip=True, threads=2)
    answered = 0
    for _ in range(PARTS - 1):
        interrupt_run(flower, rows, tmp_path / "p.csv", options, after=1)
        notes = json.loads((tmp_path / ".p.csv.journal").read_text())
        assert notes["activation"][0] > answered
        answered = notes["activation"][0]
    done = go_on(flower, rows, tmp_path / "p.csv", options)
    assert done.continued == answered
    assert results_of(done) == results_of(activate_file(flower, rows, tmp_path / "whole.csv", options))


def test_error_metrics_are_restored(tmp_path: Path) -> None:
    np.random.seed(4)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(buildNetwork(2, 3, 2), 2))
    knowledge = load_knowledge(tmp_path / "net.pkl")
    data = long_csv(tmp_path / "rows.csv", 4)
    whole = activate_file(knowledge, data, tmp_path / "whole.csv")
    assert whole.prediction.errors is not None
    interrupt_run(knowledge, data, tmp_path / "p.csv")
    done = go_on(knowledge, data, tmp_path / "p.csv")
    assert done.continued > 0 and done.prediction.errors == whole.prediction.errors


def test_blank_lines_before_the_checkpoint_are_restored(tmp_path: Path, flower: Knowledge) -> None:
    line = "1,2,3,4.".ljust(BLOCK // 512 - 1, "0") + "\n"
    data = tmp_path / "rows.csv"
    data.write_text(line * 511 + "\n" * len(line) + line * 600)  # nothing but ends of lines up to the cut
    options = StreamOptions(skip=True)
    whole = activate_file(flower, data, tmp_path / "whole.csv", options)
    assert (whole.prediction.rows, whole.rejected) == (1_111, 1)
    interrupt_run(flower, data, tmp_path / "p.csv", options, after=1)
    assert json.loads((tmp_path / ".p.csv.journal").read_text())["activation"][2] is not None
    assert results_of(go_on(flower, data, tmp_path / "p.csv", options)) == results_of(whole)


def test_rejected_rows_before_the_checkpoint_are_kept(tmp_path: Path, flower: Knowledge) -> None:
    data, options = long_csv(tmp_path / "rows.csv", 4, bad=(7,)), StreamOptions(skip=True)
    interrupt_run(flower, data, tmp_path / "p.csv", options)
    done = go_on(flower, data, tmp_path / "p.csv", options)
    assert (done.rejected, done.rejected_path) == (1, str(tmp_path / "p.rejected.csv"))
    assert (tmp_path / "p.rejected.csv").read_text().startswith("line,reason,row\n8,")


def test_a_gzip_file_is_resumed(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    import gzip

    data = tmp_path / "rows.csv.gz"
    data.write_bytes(gzip.compress(rows.read_bytes(), 1))
    options = StreamOptions(skip=True)
    interrupt_run(flower, data, tmp_path / "p.csv", options)
    done = go_on(flower, data, tmp_path / "p.csv", options)
    assert done.continued > 0
    assert results_of(done) == results_of(activate_file(flower, data, tmp_path / "whole.csv", options))


def test_a_parquet_file_is_resumed(tmp_path: Path, flower: Knowledge) -> None:
    columns = list(np.random.default_rng(2).normal(size=(4, 150_000)))
    parquet.write_table(pa.table(columns, names=flower.input_names), tmp_path / "rows.parquet")
    interrupt_run(flower, tmp_path / "rows.parquet", tmp_path / "p.parquet", after=2)
    done = go_on(flower, tmp_path / "rows.parquet", tmp_path / "p.parquet")
    assert 0 < done.continued < 150_000
    assert results_of(done) == results_of(
        activate_file(flower, tmp_path / "rows.parquet", tmp_path / "whole.parquet")
    )


def test_standard_input_is_resumed(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    code = KILLED.format(
        after=2, model=str(FLOWER), data="-", output=str(tmp_path / "p.csv"),
        options={"skip": True, "resume": True},
    )  # fmt: skip
    for after, status in (("2", -signal.SIGKILL), ("99", 0)):
        with rows.open("rb") as file:
            done = subprocess.run(
                [sys.executable, "-c", code.replace("> 2", f"> {after}")], stdin=file, check=False
            )
        assert done.returncode == status
    whole = activate_file(flower, rows, tmp_path / "whole.csv", StreamOptions(skip=True))
    assert (tmp_path / "p.csv").read_bytes() == results_of(whole)[0]


# What does not go on.


def other_beginning(data: Path) -> None:
    data.write_bytes(b"0.2" + data.read_bytes()[3:])


def shorter(data: Path) -> None:
    data.write_bytes(data.read_bytes()[:-1])


def longer(data: Path) -> None:
    data.write_bytes(data.read_bytes() + b"1,2,3,4\n")


def with_a_header(data: Path) -> None:
    content = data.read_bytes()
    data.write_bytes(b"a,b,c,d\n" + content[8:])


INPUT_CHANGES: dict[Callable[[Path], None], str] = {
    other_beginning: "rows.csv is not the file that it read; its beginning is different.",
    shorter: "its activation's size was ",
    longer: "its activation's size was ",
    with_a_header: "its activation's header was , now it is a,b,c,d.",
}


@pytest.mark.parametrize("change", INPUT_CHANGES)
def test_a_run_with_other_rows_is_not_resumed(
    change: Callable[[Path], None], rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    data, options = tmp_path / "rows.csv", StreamOptions(skip=True, ignore_card_names=True)
    data.write_bytes(rows.read_bytes())
    interrupt_run(flower, data, tmp_path / "p.csv", options)
    kept = names_in(tmp_path)
    change(data)
    with pytest.raises(CannotResume) as caught:
        go_on(flower, data, tmp_path / "p.csv", options)
    assert caught.value.message.startswith(
        f"The interrupted run that wrote p.csv cannot be resumed: {INPUT_CHANGES[change]}"
    )
    assert (caught.value.status, caught.value.hint) == (65, "")
    assert names_in(tmp_path) == kept  # so that the right file can still be gone on with
    anew = activate_file(flower, data, tmp_path / "p.csv", options)
    assert anew.continued == 0
    assert names_in(tmp_path) == {"rows.csv", "p.csv", "p.json", "p.rejected.csv"}


OPTION_CHANGES = {
    "precision was float64, now it is float32": {"precision": "float32"},
    "bad-row policy was skip, now it is fail": {"skip": False},
    "choice of inputs was [0, 1, 2, 3], now it is [3, 2, 1, 0]": {"input_columns": list("dcba")},
}


@pytest.mark.parametrize("difference", OPTION_CHANGES)
def test_a_run_with_other_options_is_not_resumed(
    difference: str, rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    data, options = tmp_path / "rows.csv", StreamOptions(skip=True, ignore_card_names=True)
    data.write_bytes(b"a,b,c,d\n" + rows.read_bytes())
    interrupt_run(flower, data, tmp_path / "p.csv", options)
    with pytest.raises(CannotResume) as caught:
        go_on(flower, data, tmp_path / "p.csv", options.replace(**OPTION_CHANGES[difference]))
    assert f"cannot be resumed: its {difference}." in caught.value.message


def test_a_run_with_another_network_card_or_scaling_is_not_resumed(
    rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    options = StreamOptions(skip=True)
    interrupt_run(flower, rows, tmp_path / "p.csv", options)
    for other, what in (
        (flower.replace(sha256="0" * 64), "knowledge's SHA-256"),
        (flower.replace(card=None), "card's SHA-256"),
        (flower.without_scaling(), "scaling"),
    ):
        with pytest.raises(CannotResume, match=f"its {what} was "):
            go_on(other, rows, tmp_path / "p.csv", options)
    assert go_on(flower, rows, tmp_path / "p.csv", options).continued > 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1_000])


def spoil(path: Path) -> None:
    path.write_bytes(b"x" + path.read_bytes()[1:])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *(
            (name, damage)
            for name in (".p.csv.part", ".p.rejected.csv.part")
            for damage in (cut, spoil, Path.unlink)
        ),
        (".p.csv.journal", Path.unlink),
    ],
)
def test_a_damaged_partial_output_restarts_the_run(
    name: str, damage: Callable[[Path], None], rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    options = StreamOptions(skip=True)
    interrupt_run(flower, rows, tmp_path / "p.csv", options)
    if (name, damage) == (".p.rejected.csv.part", cut):
        (tmp_path / name).write_bytes(b"")
    else:
        damage(tmp_path / name)
    done = go_on(flower, rows, tmp_path / "p.csv", options)
    assert done.continued == 0
    assert done.given_up == name.endswith(".part")
    assert results_of(done) == results_of(activate_file(flower, rows, tmp_path / "whole.csv", options))


def change_checkpoint(path: Path, **changes: Any) -> None:
    """Change the checkpoint of a run and update its hash."""
    notes = json.loads(path.read_text())
    version = notes.pop("version")
    del notes["sha256"]
    for key, value in changes.items():
        *outer, last = key.split("__")
        place = notes
        for name in outer:
            place = place[name]
        place[last] = value
    digest = hashlib.sha256(json.dumps(notes, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({"version": version, "sha256": digest, **notes}))


NOTES_DAMAGED: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "spoilt": spoil,
    "empty": lambda path: path.write_bytes(b""),
    "no JSON": lambda path: path.write_bytes(os.urandom(2_000)),
    "no object": lambda path: path.write_text("[1, 2]"),
    "nothing of ours": lambda path: path.write_text('{"theirs": 1}'),
    "nested for ever": lambda path: path.write_text("[" * 900_000),
    "a key twice": lambda path: path.write_text(path.read_text()[:-1] + ', "done": 1}'),
    "another number": lambda path: path.write_text(re.sub('"done": [0-9]+', '"done": 1', path.read_text())),
    "no numbers": lambda path: change_checkpoint(path, done="3"),
    "NaN": lambda path: change_checkpoint(path, done=float("nan")),
    "a huge number": lambda path: change_checkpoint(path, read__bytes=10**400),
    "a negative number": lambda path: change_checkpoint(path, table=[-1, "0" * 64]),
    "true": lambda path: change_checkpoint(path, steps=True),
    "nothing": lambda path: change_checkpoint(path, prediction=None),
    "other rows": lambda path: change_checkpoint(path, prediction__rows=1),
    "too many outputs": lambda path: change_checkpoint(path, prediction__first=[[0.5] * 900] * 5),
    "words for outputs": lambda path: change_checkpoint(path, prediction__first=[["a", "b", "c"]] * 5),
    "huge figures": lambda path: change_checkpoint(path, prediction__metrics=[10**400] * 6),
    "figures that are none": lambda path: change_checkpoint(path, prediction__metrics=[float("nan")] * 6),
    "too few figures": lambda path: change_checkpoint(path, prediction__metrics=[1, 2, 3]),
    "another memory": lambda path: change_checkpoint(path, recurrent_state=[[0.5]]),
}


@pytest.mark.parametrize("damage", NOTES_DAMAGED)
def test_a_damaged_checkpoint_is_an_error_until_resume_is_dropped(
    damage: str, rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    options, journal = StreamOptions(skip=True), tmp_path / ".p.csv.journal"
    interrupt_run(flower, rows, tmp_path / "p.csv", options)
    NOTES_DAMAGED[damage](journal)
    kept = {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)}
    with pytest.raises(CannotResume) as caught:
        go_on(flower, rows, tmp_path / "p.csv", options)
    assert str(caught.value) == (
        f"The interrupted run that wrote p.csv cannot be resumed: its checkpoint {journal} is damaged."
    )
    assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == kept
    anew = activate_file(flower, rows, tmp_path / "p.csv", options)
    assert anew.continued == 0 and not journal.exists()


def test_a_checkpoint_of_another_version_or_too_large_is_an_error(
    rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    options, journal = StreamOptions(skip=True), tmp_path / ".p.csv.journal"
    interrupt_run(flower, rows, tmp_path / "p.csv", options)
    journal.write_text(journal.read_text().replace('"version": 4', '"version": 1'))
    with pytest.raises(
        CannotResume, match=r"its checkpoint .* was written by another version of this program\."
    ):
        go_on(flower, rows, tmp_path / "p.csv", options)
    journal.write_bytes(b"[" + b"{}," * 3_000_000)
    with pytest.raises(
        CannotResume,
        match=r"cannot be read: .* exceeds the limit of 1,049,280 bytes for a checkpoint file\.$",
    ):
        go_on(flower, rows, tmp_path / "p.csv", options)


def test_a_long_header_does_not_make_the_checkpoint_too_large(tmp_path: Path, flower: Knowledge) -> None:
    long_csv(tmp_path / "rows.csv", 4)
    options = PLAIN.replace(ignore_card_names=True)
    names = ["a", "b", "c", "d" + "ö" * 400_000]
    data = tmp_path / "named.csv"
    data.write_bytes(",".join(names).encode() + b"\n" + (tmp_path / "rows.csv").read_bytes())
    interrupt_run(flower, data, tmp_path / "p.csv", options)
    assert (tmp_path / ".p.csv.journal").stat().st_size < 50_000
    other = data.read_bytes().replace(b"\xc3\xb6\n", b"\xc3\xa4\n", 1)
    (tmp_path / "other.csv").write_bytes(other)
    with pytest.raises(CannotResume, match="its activation's header was a,b,c,d"):
        go_on(flower, tmp_path / "other.csv", tmp_path / "p.csv", options)
    assert go_on(flower, data, tmp_path / "p.csv", options).continued > 0


def test_text_of_a_checkpoint_is_escaped(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    interrupt_run(flower, rows, tmp_path / "p.csv", StreamOptions(skip=True))
    change_checkpoint(tmp_path / ".p.csv.journal", identity__scaling="\x1b[2J")
    with pytest.raises(CannotResume, match=r"its scaling was \\x1b\[2J, now it is card\."):
        go_on(flower, rows, tmp_path / "p.csv", StreamOptions(skip=True))


def test_a_checkpoint_that_is_a_link_is_not_followed(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "out").mkdir()
    for name in (
        ".p.csv.journal",
        ".p.csv.part",
        ".p.rejected.csv.part",
        "p.rejected.csv",
        "p.json",
        "p.csv",
    ):
        link = tmp_path / "out" / name
        link.symlink_to(precious)
        for resume in (False, True):
            options = StreamOptions(skip=True, resume=resume, checkpoint=0.0)
            with pytest.raises(CannotWrite) as caught:
                activate_file(flower, rows, tmp_path / "out" / "p.csv", options)
            assert str(caught.value) == (
                f"{link} cannot be written: it is a symbolic link, and links are neither followed nor replaced.\n"
                "  Use a regular file, or a path that does not exist yet."
            )
        assert names_in(tmp_path / "out") == {name} and link.is_symlink()
        link.unlink()
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("name", [".p.csv.part", ".p.rejected.csv.part"])
def test_a_partial_output_with_a_hard_link_is_not_written(
    name: str, rows: Path, tmp_path: Path, flower: Knowledge
) -> None:
    interrupt_run(flower, rows, tmp_path / "p.csv", StreamOptions(skip=True))
    (tmp_path / "precious").write_text("precious")
    (tmp_path / name).unlink()
    os.link(tmp_path / "precious", tmp_path / name)
    before = {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)}
    with pytest.raises(CannotWrite, match=r"it has a second name \(a hard link\)"):
        activate_file(flower, rows, tmp_path / "p.csv", StreamOptions(skip=True))
    assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == before


def test_resume_without_a_checkpoint_predicts_all_rows(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    done = go_on(flower, rows, tmp_path / "p.csv", StreamOptions(skip=True))
    assert (done.continued, done.rejected) == (0, 3)
    assert names_in(tmp_path) == {"p.csv", "p.json", "p.rejected.csv"}


def test_a_run_without_resume_leaves_nothing(rows: Path, tmp_path: Path, flower: Knowledge) -> None:
    interrupt_run(flower, rows, tmp_path / "p.csv", StreamOptions(skip=True))

    def stop(progress: Progress) -> None:
        raise InterruptedRunError

    with pytest.raises(InterruptedRunError):
        activate_file(
            flower, rows, tmp_path / "p.csv", StreamOptions(skip=True, checkpoint=0.0), on_progress=stop
        )
    assert names_in(tmp_path) == set()
