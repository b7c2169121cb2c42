"""The archive that is handed in: exactly the checklist's files, the same bytes each time, and no secrets."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from pipeline import parser
from pipeline.cli import execute
from pipeline.errors import DataError, InputMissing
from pipeline.layout import Layout
from pipeline.submission import CHECKLIST, REQUIRED, contents_of, create


@pytest.fixture
def project(own_project, tmp_path) -> Layout:
    shutil.copytree(own_project.root, tmp_path / "project")
    return Layout(tmp_path / "project")


def archive_of(layout: Layout, target: Path) -> Path:
    return create(layout, contents_of(layout.root), target).path


def test_the_checklists_required_files_are_all_here(project):
    contents = contents_of(project.root)
    assert contents.missing_required == ()
    required = [path for category in CHECKLIST if category.kind == REQUIRED for path in category.paths]
    for path in required:
        assert any(name == path or name.startswith(path) for name in contents.files), path


def test_the_same_files_give_the_same_bytes_whenever_and_whoever(project, tmp_path):
    first = archive_of(project, tmp_path / "a.zip").read_bytes()
    for path in project.root.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
        if path.is_file():
            path.chmod(0o600)
    assert archive_of(project, tmp_path / "b.zip").read_bytes() == first


def test_caches_leftovers_and_secrets_stay_out(project, tmp_path):
    for name in (
        "pipeline/__pycache__/x.pyc",
        "container3_codebase/.DS_Store",
        "container3_codebase/pybrain/tools/x.tmp",
        "shared_data/prediction.csv",
        "output/evaluation/x/report.html",
        "container1_activationbase/.env",
        "container2_knowledgebase/id_rsa",
        "unlisted.txt",
    ):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("x")
    contents = contents_of(project.root)
    with zipfile.ZipFile(create(project, contents, tmp_path / "a.zip").path) as archive:
        names = archive.namelist()
    assert tuple(names) == contents.files
    for part in (
        "pycache",
        ".DS_Store",
        ".tmp",
        "shared_data/prediction",
        "evaluation/x",
        ".env",
        "id_rsa",
        "unlisted",
    ):
        assert not [name for name in names if part in name], part
    assert [name for name, _ in contents.left_out] == [
        "container1_activationbase/.env",
        "container2_knowledgebase/id_rsa",
    ]


def test_a_secret_in_a_file_is_refused_with_its_line(project):
    key = "-----BEGIN " + "RSA PRIVATE KEY-----"
    (project.root / "docs" / "note.md").write_text(f"# note\n\n{key}\n")
    with pytest.raises(DataError, match=r"docs/note.md line 3 holds what looks like a secret"):
        contents_of(project.root)


@pytest.mark.parametrize("name", ["aux.md", "a:b.md", "trailing .md ", "what?.md"])
def test_names_that_windows_cannot_have_are_refused(project, name):
    (project.root / "docs" / name).write_text("x")
    with pytest.raises(DataError, match="is no name on Windows"):
        contents_of(project.root)


def test_names_that_differ_in_their_case_alone_are_refused(project):
    (project.root / "docs" / "Note.md").write_text("x")
    (project.root / "docs" / "note.md").write_text("x")
    with pytest.raises(DataError, match="are the same file on Windows and macOS"):
        contents_of(project.root)


@pytest.mark.parametrize(
    "name", ["discussion.txt", "container2_knowledgebase/currentSolution.pkl", "container3_codebase/pybrain"]
)
def test_without_a_required_file_there_is_no_archive(project, tmp_path, name):
    path = project.root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    contents = contents_of(project.root)
    with pytest.raises(InputMissing, match=f"required files are missing: {name}"):
        create(project, contents, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_the_command_says_size_hash_and_what_is_missing(project, capsys):
    status = execute(parser.parse(["submit", "--no-run"]), project)
    out = capsys.readouterr().out
    assert status == 0
    archive = project.root / "Task06_Submission.zip"
    assert f"{archive.stat().st_size:,} bytes" in out
    assert "missing: output/stage2_container_tests/test_results.json" in out
    assert "The results come from a run: python App07.py" in out
    first = archive.read_bytes()
    assert execute(parser.parse(["submit", "--no-run"]), project) == 0
    assert archive.read_bytes() == first


def test_an_archive_is_verified_in_another_place(project, capsys, tmp_path):
    execute(parser.parse(["submit", "--no-run"]), project)
    archive = project.root / "Task06_Submission.zip"
    assert execute(parser.parse(["submit", "--verify", str(archive), "--no-run"]), project) == 0
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("extra.txt", "x")
    capsys.readouterr()
    assert execute(parser.parse(["submit", "--verify", str(archive), "--no-run"]), project) == 0
    assert "not on the checklist: extra.txt" in capsys.readouterr().out
    assert execute(parser.parse(["submit", "--verify", str(tmp_path / "none.zip")]), project) == 66


def test_an_archive_that_cannot_be_written_ends_with_73(project, capsys):
    words = ["submit", "--no-run", "--output", str(project.root / "README.md" / "a.zip")]
    assert execute(parser.parse(words), project) == 73
    assert "cannot be written" in capsys.readouterr().err
