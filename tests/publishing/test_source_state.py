"""The version, commit, time and address of published images."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from common.errors import UsageError
from pipeline.publishing.source_state import source_state, web_address


def git(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "file").write_text("one\n")
    git(folder, "add", "file")
    git(folder, "commit", "-q", "-m", "one", "--date", "2020-01-01T00:00:00Z")
    return folder


def test_the_commit_and_its_time_are_those_of_the_checkout(repository: Path) -> None:
    state = source_state(repository, {})
    assert state.revision == git(repository, "rev-parse", "HEAD")
    assert state.epoch == int(git(repository, "log", "-1", "--format=%ct"))
    assert state.is_committed
    assert state.variables()["SOURCE_DATE_EPOCH"] == str(state.epoch)


def test_a_changed_file_is_part_of_the_revision(repository: Path) -> None:
    (repository / "file").write_text("two\n")
    state = source_state(repository, {})
    assert state.revision.endswith("-dirty") and not state.is_committed


def test_a_new_file_in_a_build_context_is_part_of_the_revision_and_no_other(repository: Path) -> None:
    (repository / "notes.txt").write_text("x\n")
    assert source_state(repository, {}).is_committed
    (repository / "container1_activationbase").mkdir()
    (repository / "container1_activationbase" / "new.csv").write_text("x\n")
    assert source_state(repository, {}).revision.endswith("-dirty")


def test_the_time_in_the_environment_takes_precedence(repository: Path) -> None:
    state = source_state(repository, {"SOURCE_DATE_EPOCH": "1700000000"})
    assert state.created == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize("text", ["now", "-1", "1.5", "9" * 12, "1" * 5000, "１７"])
def test_an_invalid_time_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH") as refused:
        source_state(tmp_path, {"SOURCE_DATE_EPOCH": text})
    assert len(refused.value.message) < 150


def test_a_folder_in_another_repository_has_no_revision(repository: Path) -> None:
    (repository / "inside").mkdir()
    state = source_state(repository / "inside", {})
    assert (state.revision, state.epoch, state.address) == ("", None, "")


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/user/project.git", "https://github.com/user/project.git"),
        ("https://user:secret@git.example.org:8443/p", "https://git.example.org:8443/p"),
        ("https://token@git.example.org/p?x=secret#y", "https://git.example.org/p"),
        ("git@github.com:user/project.git", ""),
        ("ssh://git@github.com/user/project", ""),
        ("/home/someone/project.git", ""),
        ("file:///home/someone", ""),
        ("https://exa mple/p", ""),
        ("https://h.example/p\nx", "https://h.example/px"),
        ("https://h.example:99999/p", ""),
    ],
)
def test_an_address_is_public_and_has_no_credentials(remote: str, address: str) -> None:
    assert web_address(remote) == address
