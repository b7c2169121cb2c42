"""`App07.py activate`: text and JSON output, and the files left by an interruption."""

from __future__ import annotations

import io
import json
import os
import pickle
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.project import PROJECT, Layout
from pipeline.commands.activate import ActivateCommand
from pipeline.progress import ProgressLine
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import Progress, load_knowledge
from pybrain_runtime.tables.formats.registry import input_formats, output_formats

Drive = Callable[..., Any]
GOOD = "5.1,3.5,1.4,0.2"
# A person's own shell: the same command line, in a process of its own.
COMMAND = "import sys; from pipeline.cli import main; sys.exit(main(['activate', *sys.argv[1:]]))"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with a file of rows."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "rows.csv").write_text(f"{GOOD}\n{GOOD}\n")
    return tmp_path / "here"


@pytest.fixture
def flowers(fixtures: Path) -> str:
    return str(fixtures / "default" / "iris" / "currentSolution.pkl")


@pytest.fixture
def many(folder: Path) -> Path:
    """Return a file of rows that takes some seconds without pyarrow."""
    numbers = np.random.default_rng(1).normal(size=(20_000, 4)).round(6)
    text = "".join(",".join(map(repr, row)) + "\n" for row in numbers.tolist())
    (folder / "many.csv").write_text(text * 50)
    return folder / "many.csv"


def names_in(folder: Path) -> set[str]:
    return set(os.listdir(folder))  # noqa: PTH208 - hidden ones too, and names are all that is asked for


def test_the_output_reports_the_prediction_and_its_path(drive: Drive, folder: Path, flowers: str) -> None:
    seen = drive("activate", flowers, "rows.csv", "-o", "p.csv")
    assert (seen.status, seen.err) == (0, "")
    size, digest = (
        (folder / "p.csv").stat().st_size,
        json.loads(Path("p.json").read_text())["prediction"]["sha256"],
    )
    assert re.sub(r"\d+\.\d\d s", "T s", seen.out) == (
        f"  knowledge   {flowers} (pickle protocol 4)\n"
        "              FeedForwardNetwork, 4 inputs, 3 outputs; inputs are scaled as the card says\n"
        "  activation  rows.csv, 2 rows\n"
        "              inputs: columns 1 to 4 (no header, by position); expected values: none\n"
        f"  prediction  p.csv ({size} bytes)\n"
        f"              sha256 {digest}\n"
        "  report      p.json\n"
        "  time        T s\n"
    )
    assert names_in(folder) == {"rows.csv", "p.csv", "p.json"}


def test_the_projects_own_files_are_the_default(drive: Drive, folder: Path, checkout: Layout) -> None:
    seen = drive("activate")
    assert seen.status == 0
    assert "knowledge   container2_knowledgebase/currentSolution.pkl, the project's own" in seen.out
    assert "activation  currentActivation.csv, 1 row\n" in seen.out
    assert len((folder / "prediction.csv").read_text().splitlines()) == 2


def test_the_default_output_does_not_overwrite_another_file(drive: Drive, folder: Path) -> None:
    (folder / "prediction.csv").write_text("somebody's own\n")
    seen = drive("activate")
    assert (seen.status, seen.out) == (73, "")
    assert (
        "prediction.csv exists without the report of a run beside it; this run would overwrite it.\n"
        in seen.err
    )
    assert (folder / "prediction.csv").read_text() == "somebody's own\n"
    assert drive("activate", "-o", "prediction.csv").status == 0
    assert drive("activate").status == 0  # an earlier prediction, with its report


def test_json_prints_the_report(drive: Drive, folder: Path, flowers: str) -> None:
    (folder / "rows.csv").write_text(f"{GOOD}\n1,2,x,4\n")
    result = drive("activate", flowers, "rows.csv", "--on-bad-row", "skip", "--json").json
    assert (result["status"], result["prediction"]) == (0, "prediction.csv")
    assert (result["rejected"], result["rejected_file"]) == (1, "prediction.rejected.csv")
    assert result["report"] == json.loads((folder / "prediction.json").read_text())


def test_rejected_rows_are_counted_and_written(drive: Drive, folder: Path, flowers: str) -> None:
    (folder / "rows.csv").write_text(f"{GOOD}\n1,2,x,4\n")
    seen = drive("activate", flowers, "rows.csv", "--on-bad-row", "skip")
    assert "  rejected    1 row, with the reasons in prediction.rejected.csv\n" in seen.out
    seen = drive("activate", flowers, "rows.csv")
    assert (seen.status, seen.out) == (65, "")
    assert seen.err.startswith("✗ rows.csv line 2, column 3: 'x' is not a number.\n")


def test_columns_are_selected_by_option_or_by_variable(
    drive: Drive, folder: Path, flowers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "rows.csv").write_text("n,a,b,c,d,s,t,u\n7,5.1,3.5,1.4,0.2,1,0,0\n")
    seen = drive("activate", flowers, "rows.csv", "--input-columns", "a,b,c,d", "--target-columns", "s, t,u")
    assert seen.status == 0 and "  compared    mse " in seen.out
    by_option = (folder / "prediction.csv").read_bytes()
    monkeypatch.setenv("INPUT_COLUMNS", "a,b,c,d")
    monkeypatch.setenv("TARGET_COLUMNS", "s,t,u")
    assert drive("activate", flowers, "rows.csv").status == 0
    assert (folder / "prediction.csv").read_bytes() == by_option
    seen = drive("activate", flowers, "rows.csv", "--input-columns", "a,,b")
    assert (seen.status, seen.err) == (
        2,
        "✗ --input-columns is empty or has an empty column name\n  List column names, or omit it.\n",
    )


def test_a_header_that_contradicts_the_card_is_refused_unless_card_names_are_ignored(
    drive: Drive, folder: Path, flowers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "rows.csv").write_text(f"petal_width,petal_length,sepal_width,sepal_length\n{GOOD}\n")
    seen = drive("activate", flowers, "rows.csv")
    assert (seen.status, names_in(folder)) == (65, {"rows.csv"})
    assert (
        "has the inputs in a different order (petal_width, petal_length, sepal_width, sepal_length)"
        in seen.err
    )
    told = drive("activate", flowers, "rows.csv", "--ignore-card-names")
    assert told.status == 0
    said = "inputs: petal_width, petal_length, sepal_width, sepal_length (by position, the names of the card are ig"
    assert said in told.out
    monkeypatch.setenv("IGNORE_CARD_NAMES", "1")
    assert drive("activate", flowers, "rows.csv").status == 0
    report = json.loads((folder / "prediction.json").read_text())
    assert report["activation"]["columns_used"]["card_names_ignored"] is True
    monkeypatch.setenv("IGNORE_CARD_NAMES", "yes")
    assert drive("activate", flowers, "rows.csv").status == 2


def test_scaling_can_be_set_by_variables(drive: Drive, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"network": buildNetwork(1, 2, 1), "x_min": 10.0, "x_max": 20.0}
    (folder / "wrapped.pkl").write_bytes(pickle.dumps(content, 2))
    (folder / "x.csv").write_text("15\n")
    monkeypatch.setenv("SCALE_INPUTS", "x_min..x_max")
    seen = drive("activate", "wrapped.pkl", "x.csv")
    assert seen.status == 0 and "inputs are scaled by x_min..x_max\n" in seen.out
    assert "not used" not in seen.out


def test_precision_threads_and_pin_options_are_applied(drive: Drive, folder: Path, flowers: str) -> None:
    digest = load_knowledge(flowers).sha256
    options = ["--precision", "float32", "--threads", "2", "--sha256", digest]
    assert drive("activate", flowers, "rows.csv", *options).status == 0
    assert json.loads((folder / "prediction.json").read_text())["prediction"]["precision"] == "float32"
    seen = drive("activate", flowers, "rows.csv", "--sha256", "0" * 64)
    assert seen.status == 65 and "does not have the expected SHA-256" in seen.err
    seen = drive("activate", flowers, "rows.csv", "--threads", "0")
    assert (seen.status, seen.err) == (2, "✗ The number of threads must be a positive integer, got 0.\n")


def test_scaling_by_companions_can_be_enabled_and_disabled(drive: Drive, folder: Path, flowers: str) -> None:
    np.random.seed(5)
    content = {"network": buildNetwork(1, 2, 1), "x_min": 10.0, "x_max": 20.0, "y_min": -1.0, "y_max": 1.0}
    (folder / "wrapped.pkl").write_bytes(pickle.dumps(content, 2))
    (folder / "x.csv").write_text("15\n")
    seen = drive("activate", "wrapped.pkl", "x.csv")
    assert "also in the file, not used: x_min, x_max, y_min, y_max" in seen.out
    assert "To use them: --scale-inputs x_min..x_max --scale-outputs y_min..y_max\n" in seen.out
    rules = ["--scale-inputs", "x_min..x_max", "--scale-outputs", "y_min..y_max"]
    seen = drive("activate", "wrapped.pkl", "x.csv", *rules)
    assert "inputs are scaled by x_min..x_max, outputs scaled back by y_min..y_max" in seen.out
    plain = load_knowledge(folder / "wrapped.pkl").activate([[0.5]])[0, 0]
    row = (folder / "prediction.csv").read_text().splitlines()[1]
    assert np.isclose(float(row.removeprefix("15.0,")), plain * 2 - 1, rtol=1e-14)
    seen = drive("activate", "wrapped.pkl", "x.csv", "--scale-inputs", "a..b")
    assert (
        seen.status == 65
        and "'a' not found beside the network in wrapped.pkl; found: x_min, x_max, y_min, y_max" in seen.err
    )
    assert drive("activate", flowers, "rows.csv", "--no-scale").status == 0
    assert json.loads((folder / "prediction.json").read_text())["scaling"] == "none"
    seen = drive("activate", flowers, "rows.csv", *rules)
    assert seen.status == 2 and "already has a scaling" in seen.err and "--no-scale" in seen.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["none.pkl", "rows.csv"], 66, "The knowledge file none.pkl was not found."),
        (["{flowers}", "none.csv"], 66, "The activation file none.csv was not found."),
        (["rows.csv", "rows.csv"], 65, "rows.csv is "),
        (["{flowers}", "rows.csv", "-o", "rows.csv"], 2, "rows.csv would overwrite rows.csv"),
        (
            ["{flowers}", "rows.csv", "-o", "-", "--resume"],
            2,
            "With -o -, standard output has the prediction; --json and",
        ),
        (
            ["{flowers}", "rows.csv", "-o", "x.card.csv"],
            2,
            "x.card.json cannot be written: the name is reserved for model cards",
        ),
        (["{flowers}", "rows.csv", "-o", "/dev/stdout"], 73, "/dev/stdout cannot be written: it is a"),
        (["{flowers}", "rows.csv", "-o", "/dev/full"], 73, "/dev/full cannot be written: it is a device."),
        (
            ["{flowers}", "rows.csv", "-o", "new/"],
            73,
            "new/ cannot be written: it names a directory, not a file.",
        ),
        (["{flowers}", "rows.csv", "-o", ""], 73, "'' cannot be written: it names a directory, not a file."),
        (["{flowers}", "rows.csv", "-o", "none/p.csv"], 73, "none/p.csv cannot be written: no such file"),
    ],
)
def test_user_errors_have_their_exit_status_and_one_message(
    words: list[str], status: int, said: str, drive: Drive, folder: Path, flowers: str
) -> None:
    seen = drive("activate", *(word.format(flowers=flowers) for word in words))
    assert (seen.status, seen.out) == (status, "")
    assert seen.err.startswith(f"✗ {said}")
    assert names_in(folder) == {"rows.csv"}


def test_a_full_disk_is_reported_and_leaves_nothing(
    drive: Drive, folder: Path, flowers: str, small_disk: Path
) -> None:
    (folder / "rows.csv").write_text(f"{GOOD}\n" * 5_000)
    seen = drive("activate", flowers, "rows.csv", "-o", str(small_disk / "p.csv"))
    assert seen.status == 73
    assert "p.csv cannot be written: no space left on device.\n  Free some space, then run again." in seen.err
    assert names_in(small_disk) == set()


@pytest.mark.slow
def test_an_earlier_prediction_is_kept_on_a_full_disk(
    drive: Drive, folder: Path, flowers: str, small_disk: Path
) -> None:
    output = small_disk / "p.csv"
    assert drive("activate", flowers, "rows.csv", "-o", str(output)).status == 0
    before = {path.name: path.read_bytes() for path in small_disk.iterdir()}
    (folder / "rows.csv").write_text(f"{GOOD}\n" * 5_000)
    for words in ([], ["--resume"], ["--resume", "--on-bad-row", "skip"]):
        assert drive("activate", flowers, "rows.csv", "-o", str(output), *words).status == 73
        found = {path.name: path.read_bytes() for path in small_disk.iterdir()}
        assert {name: found[name] for name in before} == before
        assert names_in(small_disk) - before.keys() <= {
            ".p.csv.part",
            ".p.csv.journal",
            ".p.rejected.csv.part",
        }
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    words = ["--resume", "--on-bad-row", "skip"]
    seen = drive("activate", flowers, "rows.csv", "-o", str(output), *words)
    assert seen.status == 0, seen.err
    assert names_in(small_disk) == {"p.csv", "p.json"}
    assert len(output.read_text().splitlines()) == 5_001


def test_a_read_only_disk_is_reported(drive: Drive, folder: Path, flowers: str, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for words in ([], ["--resume"], ["--on-bad-row", "skip"]):
        seen = drive("activate", flowers, "rows.csv", "-o", str(small_disk / "p.csv"), *words)
        assert seen.status == 73
        assert "p.csv cannot be written: read-only file system.\n  Mount the folder read-write" in seen.err


@pytest.mark.slow
def test_a_pipe_without_a_reader_does_not_block(folder: Path, flowers: str) -> None:
    os.mkfifo(folder / "pipe.csv")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, flowers, "rows.csv", "-o", "pipe.csv"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (73, "")
    assert done.stderr.startswith("✗ pipe.csv cannot be written: it is a named pipe.\n  Use a regular file")


def test_a_damaged_checkpoint_is_not_an_internal_error(drive: Drive, folder: Path, flowers: str) -> None:
    (folder / ".p.csv.journal").write_text('{"version": 4}')
    (folder / ".p.csv.part").write_text("what has been answered")
    seen = drive("activate", flowers, "rows.csv", "-o", "p.csv", "--resume")
    assert (seen.status, seen.out) == (65, "")
    assert "cannot be resumed: its checkpoint .p.csv.journal is damaged.\n  Run without --resume" in seen.err
    assert (folder / ".p.csv.part").read_text() == "what has been answered"
    assert drive("activate", flowers, "rows.csv", "-o", "p.csv").status == 0
    assert names_in(folder) == {"rows.csv", "p.csv", "p.json"}


@pytest.mark.slow
def test_rows_are_read_from_standard_input(folder: Path, flowers: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, flowers, "-"],
        input=f"{GOOD}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "  activation  standard input, 1 row\n" in done.stdout


@pytest.mark.slow
def test_a_large_file_without_pyarrow_gives_one_remark(many: Path, folder: Path, flowers: str) -> None:
    code = f"import sys; sys.modules['pyarrow'] = None; {COMMAND}"
    (folder / "large.csv").write_text("".join(many.read_text().splitlines(keepends=True)[:150_000]))
    words = [sys.executable, "-c", code, flowers, "large.csv", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == (
        "This is a large file. Reading it without pyarrow takes about five times as long. "
        f"Install with: {sys.executable} -m pip install -r {PROJECT.root}/requirements/fast.lock\n"
    )
    assert json.loads(done.stdout)["status"] == 0


# Progress.


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_rows_speed_share_and_remaining_time() -> None:
    now = iter([0.0, 2.0, 2.0, 2.05, 62.0, 62.0])
    terminal = Terminal()
    line = ProgressLine(terminal, clock=lambda: next(now))
    line.show(Progress(2_000_000, 3, 0.25, 0, False))
    line.show(Progress(2_050_000, 3, 0.26, 0, False))  # too soon
    line.show(Progress(6_200_000, 3, 0.5, 0, False))
    line.clear()
    assert terminal.getvalue() == (
        "\r\x1b[K  2,000,000 rows, 1,000,000 rows/s, 3 rejected, 25 %, 0:06 left"
        "\r\x1b[K  6,200,000 rows, 100,000 rows/s, 3 rejected, 50 %, 1:02 left"
        "\r\x1b[K"
    )


def test_progress_fits_a_narrow_terminal() -> None:
    line = ProgressLine(Terminal(), clock=iter([0.0, 10.0]).__next__)
    shown = line.text(Progress(8_000_000, 0, 0.25, 0, False), width=37)
    assert shown == "8,000,000 rows, 25 %, 0:30 left"


def test_progress_of_a_resumed_run_counts_only_its_own_rows() -> None:
    now = iter([0.0, 0.0, 0.0, 10.0, 10.0])
    terminal = Terminal()
    line = ProgressLine(terminal, clock=lambda: next(now))
    line.show(Progress(1_000, 0, 0.5, 1_000, False))
    line.show(Progress(2_000, 0, 0.75, 1_000, False))
    assert terminal.getvalue().endswith("2,000 rows, 100 rows/s, 75 %, 0:10 left")


def test_progress_without_a_known_size_shows_no_share() -> None:
    line = ProgressLine(Terminal(), clock=iter([0.0, 10.0]).__next__)
    assert line.text(Progress(1_000, 0, None, 0, False)) == "1,000 rows, 100 rows/s"
    line = ProgressLine(Terminal(), clock=iter([0.0, 100.0]).__next__)
    assert line.text(Progress(1_000, 0, 0.01, 0, False)).endswith("1 %, 2:45:00 left")


def test_without_a_terminal_no_progress_is_shown() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.show(Progress(1, 0, 0.5, 0, False))
    line.clear()
    assert stream.getvalue() == ""


# Interruption.


def in_a_terminal(*words: str, stop: bytes | int, after: Path | None = None) -> tuple[int, str]:
    """Run the command in a terminal; after the first progress, press a key or send a signal.

    Args:
        words: the command's words after ``activate``.
        stop: the key or the signal.
        after: a file that must be there before, such as the checkpoint.
    """
    code = f"import sys; sys.modules['pyarrow'] = None; {COMMAND}"
    child, terminal = pty.fork()
    if not child:  # pragma: no cover - it becomes another program
        os.execv(sys.executable, [sys.executable, "-c", code, *words])
    said, stopped = b"", False
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        said += part
        if not stopped and b"rows/s" in said:
            if after is not None and not after.exists():
                continue
            stopped = True
            if isinstance(stop, bytes):
                os.write(terminal, stop)
            else:
                os.kill(child, stop)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_shows_progress_and_leaves_no_partial_file(
    many: Path, folder: Path, flowers: str
) -> None:
    status, said = in_a_terminal(flowers, str(many), stop=b"\x03")
    assert status == 130
    assert re.search(r"\r\x1b\[K  [\d,]+ rows, [\d,]+ rows/s, \d+ %, \d+:\d\d left", said)
    assert said.endswith("\r\x1b[K✗ interrupted; no partial prediction is left\r\n")
    assert "Traceback" not in said
    assert names_in(folder) == {"rows.csv", "many.csv"}


@pytest.mark.slow
def test_a_terminated_run_keeps_the_files_for_resume(many: Path, folder: Path, flowers: str) -> None:
    checkpoint = folder / ".prediction.csv.journal"
    status, said = in_a_terminal(flowers, str(many), "--resume", stop=signal.SIGTERM, after=checkpoint)
    assert status == 130
    found = re.search(
        r"✗ interrupted; .*\r\n  ([\d,]+) rows are kept; run the same command again to continue\.", said
    )
    assert found is not None, said
    assert names_in(folder) == {"rows.csv", "many.csv", ".prediction.csv.part", ".prediction.csv.journal"}
    words = [sys.executable, "-c", COMMAND, flowers, str(many), "--resume"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "  activation  many.csv, 1,000,000 rows\n" in done.stdout
    assert f"              {found[1]} of them predicted by the interrupted run\n" in done.stdout
    assert names_in(folder) == {"rows.csv", "many.csv", "prediction.csv", "prediction.json"}
    first = (folder / "prediction.csv").read_bytes()
    subprocess.run(words[:-1], capture_output=True, check=True)
    assert (folder / "prediction.csv").read_bytes() == first


def test_the_help_names_the_formats_of_the_registry() -> None:
    """The help is a separate text, because it is shown before the registry can be imported."""
    shown = " ".join(str(ActivateCommand.epilog).split())
    assert f"DATA is {input_formats()}." in shown
    assert f"OUTPUT is {output_formats()}." in shown
