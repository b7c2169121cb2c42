"""A failed run names the failed part, exits with its status, and leaves no file that claims success."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.project import Layout

Drive = Callable[..., Any]

# Runs the real code, then damages its results.
HONEST_FIRST = """
import json, os, subprocess, sys
from pathlib import Path
from pybrain_runtime import load_knowledge, read_activation, write_prediction
def answer(model=os.environ["MODEL_PATH"], data=os.environ["DATA_PATH"]):
    knowledge = load_knowledge(model)
    activation = read_activation(data, knowledge)
    write_prediction(os.environ["OUTPUT_PATH"], knowledge, activation, knowledge.activate(activation.inputs))
answer()
csv, report = Path(os.environ["OUTPUT_PATH"]), Path(os.environ["OUTPUT_PATH"]).with_suffix(".json")
"""


@pytest.fixture
def with_code(checkout: Layout, drive: Drive) -> Drive:
    """Return a function that runs a command of the local engine with the given code as codebase."""

    def run(code: str, *words: str) -> Any:
        checkout.code.write_text(code, encoding="utf-8")
        return drive(*words, "--engine", "local")

    return run


def claims(layout: Layout) -> list[str]:
    """Return the written files that report success."""
    found = []
    for path in layout.output.rglob("*"):
        if not path.is_file() or "local_containers" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name in ("prediction.csv", "prediction.json"):
            found.append(path.name)
        if "prediction made" in text or '"passed": true' in text or "ACTIVATION COMPLETE" in text:
            found.append(path.name)
    return found


def summary(layout: Layout) -> str:
    return (layout.stage3 / "execution_summary.txt").read_text(encoding="utf-8")


FAILS = "import sys\nprint('something broke', flush=True)\nsys.exit(7)\n"


@pytest.mark.slow
def test_a_failing_codebase_fails_the_run_with_its_status(checkout: Layout, with_code: Drive) -> None:
    done = with_code(FAILS, "compose")
    assert done.status == 7
    assert (
        done.err == "✗ codebase exited with status 7. Its last lines:\n    codebase       | something broke\n"
    )
    assert claims(checkout) == []
    text = summary(checkout)
    assert text.startswith("Result:       FAILED, exit status 7\nExit status:  7\n")
    assert "codebase exited with status 7\n" in text
    assert (
        "\nWhat failed:\n  codebase exited with status 7. Its last lines:\n      codebase       | something broke\n"
        in text
    )
    log = (checkout.stage3 / "docker_compose_output.log").read_text(encoding="utf-8")
    assert "codebase       | something broke\n" in log


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_failing_codebase_fails_its_check_with_status_and_last_lines(
    checkout: Layout, with_code: Drive, command: str
) -> None:
    done = with_code(FAILS, command)
    assert done.status == 7
    assert "✗ not every container passed its checks:\n" in done.err
    assert "    codebase: predicts a row as the host does – status 7: something broke\n" in done.err
    assert "  See output/stage2_container_tests/.\n" in done.err
    assert claims(checkout) == []
    assert not checkout.stage3.exists(), "stage 3 ran although stage 2 failed"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check", "compose"])
def test_a_failure_with_json_prints_json_with_its_status(
    checkout: Layout, with_code: Drive, command: str
) -> None:
    done = with_code(FAILS, command, "--json")
    assert done.status == 7
    assert done.json.keys() == {"status", "error"}
    assert done.json["status"] == done.status
    assert "status 7" in done.json["error"]


@pytest.mark.slow
def test_results_of_an_earlier_run_are_removed_when_a_later_one_fails(
    checkout: Layout, drive: Drive, with_code: Drive
) -> None:
    good = checkout.code.read_text(encoding="utf-8")
    assert with_code(good, "run").status == 0
    assert with_code(FAILS, "compose").status == 7
    left = {path.name for path in checkout.stage3.iterdir()}
    assert left == {
        "docker_compose_output.log",
        "execution_summary.txt",
        "report.html",
        "activation_data.csv",
        "currentSolution.pkl",
        "currentSolution.card.json",
    }
    assert not (checkout.shared_data / "prediction.csv").exists()
    assert not (checkout.shared_data / "prediction.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["prediction.csv", "prediction.json"])
def test_a_codebase_that_exits_with_0_and_predicts_nothing_fails_the_run(
    checkout: Layout, with_code: Drive, missing: str
) -> None:
    name = "csv" if missing.endswith("csv") else "report"
    done = with_code(f"{HONEST_FIRST}\n{name}.unlink()\n", "compose")
    assert done.status == 70
    assert done.err == f"✗ the stack exited with status 0, but shared_data/{missing} is missing\n"
    assert summary(checkout).startswith("Result:       FAILED, exit status 70\n")


@pytest.mark.slow
def test_an_empty_codebase_fails_every_stage(checkout: Layout, with_code: Drive) -> None:
    assert with_code("", "compose").status == 70
    done = with_code("", "check")
    assert done.status == 70
    assert "codebase: predicts a row as the host does – no prediction was written" in done.err
    assert claims(checkout) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            "other = csv.with_name('other.csv')\nother.write_text('6.0,3.0,4.0,1.0\\n')\nanswer(data=str(other))",
            "the stack did not use the prepared activation (sha256 ",
        ),
        (
            "Path(os.environ['DATA_PATH']).write_text('6.0,3.0,4.0,1.0\\n')\nanswer()",
            "the stack did not use the prepared activation (sha256 ",
        ),
        (
            "model = Path(os.environ['MODEL_PATH'])\n"
            "about = json.loads(report.read_text())\nabout['knowledge']['sha256'] = '0' * 64\n"
            "report.write_text(json.dumps(about))",
            "the stack did not use the prepared knowledge (sha256 ",
        ),
        (
            "Path(os.environ['MODEL_PATH']).with_name('currentSolution.card.json').unlink()\nanswer()",
            "the stack did not use the prepared model card",
        ),
        (
            "about = json.loads(report.read_text())\nabout['activation']['rows'] = 150\n"
            "report.write_text(json.dumps(about))",
            "the prediction has 150 rows; 1 were prepared",
        ),
        (
            "csv.write_text(csv.read_text().replace('5.8', '5.9'))",
            "prediction.json does not belong to prediction.csv",
        ),
        (
            "os.utime(report, (1e9, 1e9))",
            "the prediction on the volume was made by a previous run",
        ),
        (
            "report.write_text('')",
            "shared_data/prediction.json does not record which files the prediction was made from",
        ),
        (
            "report.write_text('[1, 2]')",
            "shared_data/prediction.json does not record which files the prediction was made from",
        ),
        (
            "report.write_text('{\"knowledge\": 1}')",
            "shared_data/prediction.json does not record which files the prediction was made from",
        ),
        (
            "report.write_bytes(bytes(range(256)))",
            "shared_data/prediction.json does not record which files the prediction was made from",
        ),
    ],
    ids=[
        "other rows",
        "rows changed",
        "other network",
        "no card",
        "other count",
        "table changed",
        "old",
        "report empty",
        "report a list",
        "report of something else",
        "report no text",
    ],
)
def test_an_unverified_prediction_fails_the_run(
    checkout: Layout, with_code: Drive, spoil: str, says: str
) -> None:
    done = with_code(f"{HONEST_FIRST}\n{spoil}\n", "compose")
    assert done.status == 70
    assert done.err.startswith(f"✗ {says}")
    assert "internal error" not in done.err
    text = summary(checkout)
    assert text.startswith("Result:       FAILED, exit status 70\n")
    assert "prediction made" not in text
    assert "\nPrediction:\n" not in text


@pytest.mark.slow
def test_the_unmodified_code_passes(checkout: Layout, with_code: Drive) -> None:
    assert with_code(HONEST_FIRST, "compose").status == 0


@pytest.mark.slow
def test_a_codebase_that_hangs_is_terminated_with_status_75(
    checkout: Layout, with_code: Drive, until: Callable[..., None]
) -> None:
    note = checkout.shared_data / "pid"
    hangs = f"""
import os, time
open({str(note)!r}, "w").write(str(os.getpid()))
print("waiting", flush=True)
time.sleep(600)
"""
    done = with_code(hangs, "compose", "--timeout", "2")
    assert done.status == 75
    assert done.err.startswith(
        "✗ the stack did not end within 2 s and has been taken down. The last lines:\n"
    )
    assert "    codebase       | waiting\n" in done.err
    assert done.err.endswith("  Allow more time with --timeout SECONDS.\n")
    assert summary(checkout).startswith("Result:       FAILED, exit status 75\n")
    assert claims(checkout) == []
    assert not Path(f"/proc/{note.read_text(encoding='utf-8')}").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_codebase_that_hangs_in_its_check_is_terminated(
    checkout: Layout, with_code: Drive, command: str
) -> None:
    done = with_code("import time\ntime.sleep(600)\n", command, "--timeout", "2")
    assert done.status == 75
    assert "codebase: predicts a row as the host does – status 75: did not end within 2 s" in done.err
    assert claims(checkout) == []


@pytest.mark.slow
def test_a_killed_codebase_fails_the_run_with_137(checkout: Layout, with_code: Drive) -> None:
    done = with_code("import os\nos.kill(os.getpid(), 9)\n", "compose")
    assert done.status == 137
    assert done.err.startswith("✗ codebase exited with status 137")
    assert "codebase exited with status 137" in summary(checkout)
    assert claims(checkout) == []


@pytest.mark.slow
def test_a_codebase_that_raises_shows_its_traceback_in_the_log(checkout: Layout, with_code: Drive) -> None:
    done = with_code("def wrong():\n    return 1 / 0\n\nwrong()\n", "compose")
    assert done.status == 1
    assert "    codebase       | ZeroDivisionError: division by zero\n" in done.err
    log = (checkout.stage3 / "docker_compose_output.log").read_text(encoding="utf-8")
    assert "codebase       | Traceback (most recent call last):\n" in log


@pytest.mark.slow
def test_the_message_has_the_last_lines_and_the_log_has_all(checkout: Layout, with_code: Drive) -> None:
    done = with_code("for n in range(1000):\n    print('line', n)\nraise SystemExit(3)\n", "compose")
    assert done.status == 3
    assert re.findall(r"line (\d+)$", done.err, re.MULTILINE) == [str(number) for number in range(988, 1000)]
    log = (checkout.stage3 / "docker_compose_output.log").read_text(encoding="utf-8")
    assert re.findall(r"line (\d+)$", log, re.MULTILINE) == [str(number) for number in range(1000)]


@pytest.mark.slow
def test_a_failed_data_container_is_reported_and_codebase_never_starts(
    checkout: Layout, drive: Drive
) -> None:
    (checkout.shared_data / "activation_data.csv").mkdir()
    done = drive("compose", "--engine", "local")
    assert done.status == 73
    assert done.err.startswith("✗ activationbase exited with status 73. Its last lines:\n")
    assert "activation_data.csv cannot be written: " in done.err
    text = summary(checkout)
    assert "activationbase exited with status 73\n" in text
    assert re.search(r"codebase +was never started|codebase was never started: never started", text)


@pytest.mark.slow
def test_files_of_an_earlier_run_are_not_collected_as_new_results(checkout: Layout, drive: Drive) -> None:
    assert drive("compose", "--engine", "local").status == 0
    for path in checkout.shared_data.iterdir():
        os.utime(path, (1e9, 1e9))
    (checkout.shared_data / "activation_data.csv").unlink()
    (checkout.shared_data / "activation_data.csv").mkdir()
    assert drive("compose", "--engine", "local").status == 73
    assert (checkout.shared_data / "prediction.csv").exists(), "this test needs a leftover"
    assert claims(checkout) == []
    assert "prediction.csv" not in summary(checkout)


@pytest.mark.slow
def test_a_file_in_place_of_shared_data_is_reported(checkout: Layout, drive: Drive) -> None:
    (checkout.shared_data / ".gitkeep").unlink()
    checkout.shared_data.rmdir()
    checkout.shared_data.touch()
    done = drive("compose", "--engine", "local")
    assert done.status == 73
    assert done.err.startswith(f"✗ {checkout.shared_data} cannot be written: file exists.\n")
    assert claims(checkout) == []


@pytest.mark.slow
def test_a_read_only_shared_data_is_reported(
    checkout: Layout, drive: Drive, read_only: Callable[[Path], Path]
) -> None:
    read_only(checkout.shared_data)
    done = drive("compose", "--engine", "local")
    assert done.status == 73
    assert "cannot be written: read-only file system" in done.err
    assert "Traceback" not in done.err
    assert claims(checkout) == []


@pytest.mark.slow
def test_a_full_shared_data_is_reported(
    checkout: Layout, drive: Drive, mount: Callable[..., Path], tmp_path: Path
) -> None:
    mount(checkout.shared_data, "-t", "tmpfs", "-o", "size=16k")
    rows = tmp_path / "rows.csv"
    rows.write_text("5.8,2.7,5.1,1.9\n" * 20_000, encoding="utf-8")
    done = drive("compose", "--engine", "local", "--data", str(rows))
    assert done.status == 73
    assert "activation_data.csv cannot be written: no space left on device" in done.err
    assert claims(checkout) == []


@pytest.mark.slow
def test_insufficient_space_for_the_prediction_is_reported_by_codebase(
    checkout: Layout, drive: Drive, mount: Callable[..., Path], tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("5.8,2.7,5.1,1.9\n" * 20_000, encoding="utf-8")
    mount(checkout.shared_data, "-t", "tmpfs", "-o", "size=512k")
    done = drive("compose", "--engine", "local", "--data", str(rows))
    assert done.status == 73
    assert done.err.startswith("✗ codebase exited with status 73. Its last lines:\n")
    assert claims(checkout) == []


@pytest.mark.slow
def test_a_full_disk_for_collected_results_is_reported(
    checkout: Layout, drive: Drive, mount: Callable[..., Path]
) -> None:
    assert drive("compose", "--engine", "local").status == 0
    checkout.stage3.joinpath("execution_summary.txt").unlink()
    mount(checkout.stage3, "-t", "tmpfs", "-o", "size=4k")
    done = drive("compose", "--engine", "local")
    assert done.status == 73
    assert "cannot be written: no space left on device" in done.err


def test_invalid_rows_are_refused_before_the_stack_starts(
    checkout: Layout, drive: Drive, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("1,2,3\n", encoding="utf-8")
    for command in ("run", "check", "compose"):
        done = drive(command, "--engine", "local", "--data", str(rows), "--json")
        assert done.status == done.json["status"] == 65
    assert {path.name for path in checkout.output.iterdir()} == {".gitkeep", ".lock"}


@pytest.mark.slow
def test_an_unexpected_exception_is_reported_as_an_internal_error(
    checkout: Layout, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No user error: the folder for temporary files is missing."""
    monkeypatch.setattr("tempfile.tempdir", str(checkout.root / "no-such-folder"))
    done = drive("check", "--engine", "local")
    assert done.status == 70
    assert done.err.startswith("✗ internal error: FileNotFoundError: ")
    assert "Please report it together with the output of --debug." in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in drive("check", "--engine", "local", "--debug").err


@pytest.mark.slow
def test_the_json_result_files_are_json(checkout: Layout, with_code: Drive) -> None:
    with_code(FAILS, "check")
    results = json.loads((checkout.stage2 / "test_results.json").read_text(encoding="utf-8"))
    failed = [
        check
        for container in results["containers"]
        for check in container["checks"]
        if check["status"] == "failed"
    ]
    assert [(check["name"], check["detail"]) for check in failed] == [
        ("predicts a row as the host does", "status 7: something broke")
    ]
