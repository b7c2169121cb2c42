"""The local replacement of the data containers behaves as publish.sh does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.project import PROJECT


@pytest.fixture
def publish(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a publishing process, which is ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(source: Path, target: Path, *outdated: Path) -> subprocess.Popen[str]:
        words = [str(path) for path in (tmp_path / "ready", source, target, *outdated)]
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "pipeline.engines.data_process", "publish", *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ask(*words: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.engines.data_process", *words], capture_output=True, check=False
    )


def test_show_prints_a_file_byte_for_byte(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfx,y\r\n1,2\r\n\xff"
    (tmp_path / "rows.csv").write_bytes(content)
    shown = ask("show", tmp_path / "rows.csv")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, content, b"")


def test_list_prints_the_names_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "net.pkl").write_bytes(b"12345")
    (tmp_path / "net.card.json").write_bytes(b"{}")
    assert ask("list", tmp_path).stdout.decode().split() == ["2", "net.card.json", "5", "net.pkl"]


@pytest.mark.parametrize("words", [("show", "missing"), ("list", "missing")])
def test_a_missing_file_exits_with_66(tmp_path: Path, words: tuple[str, str]) -> None:
    asked = ask(words[0], tmp_path / words[1])
    assert asked.returncode == 66
    assert asked.stderr.decode() == f"ERROR: {tmp_path / 'missing'} not found\n"


@pytest.mark.parametrize("words", [(), ("show",), ("publish", "a"), ("dance", "a")])
def test_wrong_usage_exits_with_2(words: tuple[str, ...]) -> None:
    asked = ask(*words)
    assert asked.returncode == 2
    assert b"ERROR: show FILE, list FOLDER, or publish READY SOURCE TARGET [OUTDATED...]" in asked.stderr


def test_publish_is_ready_when_the_copy_is_complete_and_ends_when_terminated(
    tmp_path: Path, publish: Callable[..., subprocess.Popen[str]], until: Callable[..., None]
) -> None:
    target = tmp_path / "shared" / "currentSolution.pkl"
    holder = publish(PROJECT.models / "iris.pkl", target)
    until("it is ready", (tmp_path / "ready").exists)
    assert target.read_bytes() == (PROJECT.models / "iris.pkl").read_bytes()
    card = target.with_name("currentSolution.card.json")
    assert card.read_bytes() == (PROJECT.models / "iris.card.json").read_bytes()
    assert holder.poll() is None
    holder.terminate()
    out, err = holder.communicate()
    assert (holder.returncode, err) == (0, "")
    assert out.startswith(f"iris.pkl -> {target} ({target.stat().st_size} bytes, sha256 ")


def test_leftovers_are_removed_before_publish_is_ready(
    tmp_path: Path, publish: Callable[..., subprocess.Popen[str]], until: Callable[..., None]
) -> None:
    left = [tmp_path / name for name in ("prediction.csv", "prediction.json", "net.card.json", "net.pkl")]
    for path in left:
        path.touch()
    shutil.copy(PROJECT.models / "course.pkl", tmp_path / "source.pkl")
    publish(tmp_path / "source.pkl", tmp_path / "net.pkl", left[0], left[1])
    until("it is ready", (tmp_path / "ready").exists)
    assert [path.name for path in left if path.exists()] == ["net.pkl"]
    assert (tmp_path / "net.pkl").read_bytes() == (PROJECT.models / "course.pkl").read_bytes()


def test_without_a_source_nothing_is_published_and_codebase_reports_the_missing_file(
    tmp_path: Path, publish: Callable[..., subprocess.Popen[str]], until: Callable[..., None]
) -> None:
    (tmp_path / "net.pkl").touch()
    holder = publish(tmp_path / "missing.pkl", tmp_path / "net.pkl")
    until("it is ready", (tmp_path / "ready").exists)
    assert not (tmp_path / "net.pkl").exists()
    holder.terminate()
    assert holder.communicate()[1] == f"ERROR: {tmp_path / 'missing.pkl'} not found\n"


def test_an_unwritable_target_exits_with_73_and_is_never_ready(
    tmp_path: Path, publish: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "net.pkl").mkdir()
    holder = publish(PROJECT.models / "iris.pkl", tmp_path / "net.pkl")
    _, err = holder.communicate()
    assert holder.returncode == 73
    assert err.startswith(f"ERROR: {tmp_path / 'net.pkl'} cannot be written: ")
    assert not (tmp_path / "ready").exists()
