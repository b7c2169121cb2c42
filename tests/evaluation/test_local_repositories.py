"""An untrusted local repository is copied, and no reference to another folder is followed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from common.project import Layout
from evaluation.engine.session import session_prefix
from evaluation.errors import NoSubmission
from evaluation.evaluate import EvaluationOptions, evaluate, remove_left_folders
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.rubric import load_rubric
from evaluation.submission.deep_folders import is_larger, remove_folder
from evaluation.submission.local_repository import repository_at
from evaluation.submission.submodules import SubmoduleSource
from pipeline.cli import execute, parse
from tests.evaluation.submissions import copy_submission

pytestmark = pytest.mark.slow

COMPOSE = "services: {a: {image: busybox}}\n"
WHO = ("-c", "user.name=tests", "-c", "user.email=tests@example.invalid")


def git(*words: str, cwd: Path, given: bytes | None = None) -> str:
    done = subprocess.run(["git", *WHO, *words], cwd=cwd, input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture
def solution(tmp_path):
    """Return a repository of the tutor that no submission may access."""
    path = tmp_path / "solution"
    path.mkdir()
    path.joinpath("docker-compose.yml").write_text(COMPOSE)
    path.joinpath("README.md").write_text("the solution")
    git("init", "-q", "-b", "main", cwd=path)
    git("add", ".", cwd=path)
    git("commit", "-qm", "solution", cwd=path)
    return path


@pytest.fixture
def bare(tmp_path):
    """Return a folder with the structure of an empty bare repository."""
    path = tmp_path / "handed-in"
    for name in ("objects/info", "refs/heads"):
        path.joinpath(name).mkdir(parents=True)
    path.joinpath("HEAD").write_text("ref: refs/heads/main\n")
    return path


def refused(source: str, place: Path) -> str:
    with pytest.raises(NoSubmission) as error:
        copy_submission(source, place, DEFAULT_LIMITS)
    return error.value.message


def test_a_bare_repository_cannot_use_another_repository(solution, bare, tmp_path):
    bare.joinpath("commondir").write_text(f"{solution}/.git\n")
    assert "cannot be" in refused(str(bare), tmp_path / "in")


def test_a_bare_repository_cannot_use_the_objects_of_another_one(solution, bare, tmp_path):
    bare.joinpath("objects", "info", "alternates").write_text(f"{solution}/.git/objects\n")
    bare.joinpath("refs", "heads", "main").write_text(git("rev-parse", "HEAD", cwd=solution) + "\n")
    assert "cannot be" in refused(str(bare), tmp_path / "in")


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_bare_repository_cannot_reach_another_one_through_links(solution, bare, tmp_path):
    bare.joinpath("objects", "info").rmdir()
    bare.joinpath("objects").rmdir()
    bare.joinpath("objects").symlink_to(solution / ".git" / "objects")
    bare.joinpath("refs", "heads", "main").write_text(git("rev-parse", "HEAD", cwd=solution) + "\n")
    assert "cannot be" in refused(str(bare), tmp_path / "in")


def test_a_folder_whose_repository_is_elsewhere_is_not_cloned_by_url(solution, tmp_path):
    pointing = tmp_path / "pointing"
    pointing.mkdir()
    pointing.joinpath(".git").write_text(f"gitdir: {solution}/.git\n")
    with pytest.raises(NoSubmission, match="the folder is not a repository"):
        repository_at(pointing.as_uri())


def test_a_bare_repository_is_cloned_with_loose_or_packed_branches(solution, tmp_path):
    git("checkout", "-q", "-b", "venv/second", cwd=solution)
    solution.joinpath("README.md").write_text("second")
    git("commit", "-qam", "second", cwd=solution)
    served = tmp_path / "served with a blank.git"
    git("clone", "-q", "--bare", str(solution), str(served), cwd=tmp_path)
    taken = copy_submission(f"{served.as_uri()}#venv/second", tmp_path / "packed", DEFAULT_LIMITS)
    assert taken.text("README.md") == "second"
    taken = copy_submission(f"{solution.as_uri()}#venv/second", tmp_path / "second", DEFAULT_LIMITS)
    assert taken.text("README.md") == "second"
    taken = copy_submission(f"{solution.as_uri()}#main", tmp_path / "loose", DEFAULT_LIMITS)
    assert taken.text("README.md") == "the solution"


def test_a_repository_with_deeply_nested_folders_is_refused_and_removed(tmp_path, monkeypatch):
    path = tmp_path / "deep"
    path.mkdir()
    git("init", "-q", "-b", "main", cwd=path)
    blob = git("hash-object", "-w", "--stdin", cwd=path, given=COMPOSE.encode())
    tree = git("mktree", cwd=path, given=f"100644 blob {blob}\tdocker-compose.yml\n".encode())
    for _ in range(1200):
        tree = git("mktree", cwd=path, given=f"040000 tree {tree}\ta\n".encode())
    commit = git("commit-tree", tree, "-m", "deep", cwd=path)
    git("update-ref", "refs/heads/main", commit, cwd=path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    report = evaluate(path.as_uri(), load_rubric(), EvaluationOptions(run=False))
    assert "folders are nested more than" in report.error
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_deep_folder_is_measured_and_removed_and_no_link_in_it_is_followed(tmp_path):
    kept, folder = tmp_path / "kept", tmp_path / "folder"
    kept.mkdir()
    kept.joinpath("file").write_text("stays")
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.symlink(kept, "out", dir_fd=handle)
    os.close(handle)
    assert is_larger(folder, 1, 10_000)
    assert is_larger(folder, 10**9, 1000)
    assert not is_larger(folder, 10**9, 10_000)
    remove_folder(folder)
    assert not folder.exists()
    assert kept.joinpath("file").read_text() == "stays"


def test_a_folder_named_tilde_is_not_expanded(tmp_path, monkeypatch):
    home, class_folder = tmp_path / "home", tmp_path / "class"
    for path, text in ((home, "the long solution"), (class_folder / "~", "by a student")):
        path.mkdir(parents=True)
        path.joinpath("docker-compose.yml").write_text(COMPOSE)
        path.joinpath("README.md").write_text(text)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(class_folder)
    assert copy_submission("~", tmp_path / "in", DEFAULT_LIMITS).text("README.md") == "by a student"
    options = parse(["evaluate", "--class-list", ".", "--no-run", "--output", str(tmp_path / "out")])
    assert execute(options, Layout(tmp_path)) == 0
    report = json.loads((tmp_path / "out" / "submission" / "report.json").read_text("utf-8"))
    assert report["size"] == len(COMPOSE) + len("by a student")
    monkeypatch.chdir(tmp_path)
    assert copy_submission("~", tmp_path / "in2", DEFAULT_LIMITS).text("README.md") == "the long solution"


def test_a_submodule_host_that_cannot_be_resolved_is_not_resolved_again_by_git(monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoSubmission, match="cannot be resolved"):
        SubmoduleSource.of("https://no-such-host.invalid/x.git", "https://example.org/y.git")
    with pytest.raises(NoSubmission, match="cannot be resolved"):
        SubmoduleSource.of("https://file/x.git", "file:///srv/y.git")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert SubmoduleSource.of("https://no-such-host.invalid/x.git", "https://example.org/y.git").url


@pytest.mark.skipif(os.name == "nt", reason="processes are taken to run there")
def test_only_the_folder_of_a_killed_evaluation_is_removed_by_the_next(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    killed, running = (tmp_path / f"{session_prefix(pid)}abcd_123" for pid in (ended.pid, os.getpid()))
    others = tmp_path / f"{session_prefix(ended.pid)}and-more", tmp_path / "somebody-elses"
    for path in (killed, running, *others):
        path.joinpath("inner").mkdir(parents=True)
    link = tmp_path / f"{session_prefix(ended.pid)}abcd_124"
    link.symlink_to(others[1])
    remove_left_folders(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([running, *others, link])
    assert others[1].joinpath("inner").is_dir()
