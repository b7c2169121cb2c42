"""The collected files of a run are the verified ones, even if other programs write to the volume."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.atomic_files import sha256_of
from common.errors import CannotWrite, PipelineError, VerificationFailed
from common.project import Layout
from pipeline.stages import prepare, stack_run
from pipeline.stages.collected_files import collect

Drive = Callable[..., Any]


def test_the_collected_bytes_are_the_hashed_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    collected = collect(tmp_path / "a", tmp_path / "kept" / "a")
    assert collected is not None
    assert (collected.size, collected.sha256) == (3_000_000, hashlib.sha256(b"x" * 3_000_000).hexdigest())
    assert sha256_of(collected.path) == collected.sha256


def test_collecting_a_missing_file_returns_none(tmp_path: Path) -> None:
    assert collect(tmp_path / "a", tmp_path / "b") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_an_irregular_file_is_refused_without_waiting(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "prediction.csv")
    with pytest.raises(VerificationFailed, match=r"prediction.csv on the volume is not a regular file"):
        collect(tmp_path / "prediction.csv", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("private")
    (tmp_path / "prediction.csv").symlink_to("private")
    with pytest.raises(
        VerificationFailed, match=r"prediction.csv on the volume is a link; a file was expected"
    ):
        collect(tmp_path / "prediction.csv", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "prediction.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(VerificationFailed, match=r"has 1,099,511,627,776 bytes; at most 1,000 were expected"):
        collect(tmp_path / "prediction.json", tmp_path / "kept", limit=1000)


def test_insufficient_disk_space_is_reported_before_copying(tmp_path: Path) -> None:
    with (tmp_path / "prediction.csv").open("wb") as file:
        file.truncate(1 << 43)
    with pytest.raises(CannotWrite, match="cannot be written: no space left on device"):
        collect(tmp_path / "prediction.csv", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_a_file_replaced_while_it_is_read_is_collected_unchanged(tmp_path: Path) -> None:
    source, stop = tmp_path / "a", threading.Event()
    source.write_bytes(b"0" * 200_000)

    def replace() -> None:
        for number in range(10**9):
            if stop.is_set():
                return
            (tmp_path / "new").write_bytes(str(number % 10).encode() * 200_000)
            (tmp_path / "new").replace(source)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for number in range(100):
            collected = collect(source, tmp_path / f"kept{number}")
            assert collected is not None
            content = collected.path.read_bytes()
            assert hashlib.sha256(content).hexdigest() == collected.sha256
            assert len(set(content)) == 1
    finally:
        stop.set()
        writer.join()


# Goes on writing rows and predictions of its own to the volume, in turns with what was there.
WRITER = """
import itertools, os, sys
from pathlib import Path
shared = Path(sys.argv[1])
while True:
    for name in ("prediction.csv", "prediction.json", "activation_data.csv"):
        try:
            good = (shared / name).read_bytes()
            (shared / ".other").write_bytes(b"9" + good)
            os.replace(shared / ".other", shared / name)
            (shared / ".good").write_bytes(good)
            os.replace(shared / ".good", shared / name)
        except OSError:
            pass
"""


@pytest.mark.slow
def test_a_run_with_a_concurrent_writer_keeps_verified_files_or_fails(checkout: Layout, drive: Drive) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(checkout.shared_data)])
    try:
        for _ in range(6):
            done = drive("compose", "--engine", "local")
            kept = {path.name: sha256_of(path) for path in checkout.stage3.iterdir()}
            if done.status:
                assert "prediction.csv" not in kept
                continue
            report = json.loads((checkout.stage3 / "prediction.json").read_bytes())
            assert kept["prediction.csv"] == report["prediction"]["sha256"]
            assert kept["activation_data.csv"] == report["activation"]["sha256"]
    finally:
        writer.kill()
        writer.wait()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["prediction.csv", "prediction.json", "currentSolution.card.json"])
def test_a_link_in_place_of_a_result_is_not_followed(
    checkout: Layout, drive: Drive, name: str, tmp_path: Path
) -> None:
    code = checkout.code.read_text(encoding="utf-8")
    checkout.code.write_text(
        code.replace(
            "    sys.exit(run_program(main))",
            "    status = run_program(main)\n    import os\n"
            f"    os.rename('{checkout.shared_data}/{name}', '{tmp_path}/moved')\n"
            f"    os.symlink('{tmp_path}/moved', '{checkout.shared_data}/{name}')\n    sys.exit(status)",
        ),
        encoding="utf-8",
    )
    done = drive("compose", "--engine", "local")
    assert done.status == 70
    assert f"{name} on the volume is a link; a file was expected" in done.err
    assert not (checkout.stage3 / "prediction.csv").exists()


@pytest.mark.slow
def test_a_prediction_of_stale_images_fails_the_run(checkout: Layout, drive: Drive) -> None:
    code = checkout.code.read_text(encoding="utf-8")
    checkout.code.write_text(
        code.replace("report.stale_images", "('codebase_app07 was built from other code',)"), encoding="utf-8"
    )
    done = drive("compose", "--engine", "local")
    assert done.status == 70
    assert "codebase_app07 was built from other code" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "prepare", "check", "compose"])
def test_a_run_with_invalid_files_removes_earlier_results(
    checkout: Layout, drive: Drive, tmp_path: Path, command: str
) -> None:
    assert drive("run", "--engine", "local").status == 0
    (tmp_path / "bad.csv").write_text("1,2,x,4\n")
    words = () if command == "prepare" else ("--engine", "local")
    assert drive(command, "--data", str(tmp_path / "bad.csv"), *words).status == 65
    assert results(checkout) == []


def results(layout: Layout) -> list[str]:
    stages = (layout.stage1, layout.stage2, layout.stage3)
    return [path.name for stage in stages for path in sorted(stage.iterdir()) if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_run_with_failing_containers_removes_the_earlier_prediction(
    checkout: Layout, drive: Drive, command: str
) -> None:
    assert drive("run", "--engine", "local").status == 0
    checkout.code.write_text("import sys; sys.exit(7)\n", encoding="utf-8")
    assert drive(command, "--engine", "local").status == 7
    assert list(checkout.stage3.iterdir()) == []


@pytest.mark.slow
def test_preparing_other_files_removes_earlier_results(checkout: Layout, drive: Drive) -> None:
    assert drive("run", "--engine", "local").status == 0
    assert drive("prepare").status == 0
    assert (checkout.stage3 / "prediction.csv").is_file(), "nothing has changed"
    assert drive("prepare", "--data", str(checkout.root / "data/iris_150.csv")).status == 0
    assert list(checkout.stage3.iterdir()) == list(checkout.stage2.iterdir()) == []


def test_a_card_added_while_the_network_is_copied_is_detected(checkout: Layout) -> None:
    from pipeline.stages.selection import select

    prepared = prepare.prepare(checkout, select(checkout, {}, model=None, data=None))[0]
    assert prepared.card is not None
    prepared.card.write_text("{}")
    with pytest.raises(PipelineError, match="changed between validation and copying"):
        prepare._check_card(prepared.card, prepared.knowledge)
    with pytest.raises(PipelineError, match="changed between validation and copying"):
        prepare._check_card(None, prepared.knowledge)


def test_the_report_is_collected_before_the_table() -> None:
    assert stack_run.RESULT_FILES.index("prediction.json") < stack_run.RESULT_FILES.index("prediction.csv")
