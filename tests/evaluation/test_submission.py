"""The archive to submit: exactly the files of the checklist, byte-for-byte reproducible, without secrets."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from common.errors import DataError, InputMissing
from common.project import Layout
from evaluation.submission.checklist import CHECKLIST, REQUIRED, contents_of
from evaluation.submission.outdated_results import outdated_results
from pipeline.cli import execute, parse
from pipeline.submission.archive import write_archive


@pytest.fixture
def project(own_project, tmp_path) -> Layout:
    """Return a copy of the project; modules are hard links for speed, as no test writes to them."""
    return Layout(shutil.copytree(own_project.root, tmp_path / "project", copy_function=link_or_copy))


def link_or_copy(source: str, target: str) -> None:
    if source.endswith(".py"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def archive_of(layout: Layout, target: Path) -> Path:
    return write_archive(layout, contents_of(layout.root), target).path


@pytest.mark.slow
def test_all_required_files_of_the_checklist_exist(project):
    contents = contents_of(project.root)
    assert contents.missing_required == ()
    required = [path for category in CHECKLIST if category.kind == REQUIRED for path in category.paths]
    for path in required:
        assert any(name == path or name.startswith(path) for name in contents.files), path


@pytest.mark.slow
def test_the_same_files_give_the_same_archive_for_any_time_and_user(project, tmp_path):
    first = archive_of(project, tmp_path / "a.zip").read_bytes()
    for path in project.root.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
        if path.is_file():
            path.chmod(0o600)
    assert archive_of(project, tmp_path / "b.zip").read_bytes() == first


@pytest.mark.slow
def test_caches_leftovers_and_secrets_are_excluded(project, tmp_path):
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
    with zipfile.ZipFile(write_archive(project, contents, tmp_path / "a.zip").path) as archive:
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


@pytest.mark.slow
def test_a_secret_in_a_file_is_refused_with_its_line(project):
    key = "-----BEGIN " + "RSA PRIVATE KEY-----"
    (project.root / "docs" / "note.md").write_text(f"# note\n\n{key}\n")
    with pytest.raises(DataError, match=r"docs/note.md line 3 contains what looks like a secret"):
        contents_of(project.root)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["aux.md", "a:b.md", "trailing .md ", "what?.md"])
def test_names_that_windows_does_not_allow_are_refused(project, name):
    (project.root / "docs" / name).write_text("x")
    with pytest.raises(DataError, match="is not a valid name on Windows"):
        contents_of(project.root)


@pytest.mark.slow
def test_names_that_differ_only_in_case_are_refused(project):
    (project.root / "docs" / "Note.md").write_text("x")
    (project.root / "docs" / "note.md").write_text("x")
    with pytest.raises(DataError, match="are the same file on Windows and macOS"):
        contents_of(project.root)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["discussion.txt", "container2_knowledgebase/currentSolution.pkl", "container3_codebase/pybrain"]
)
def test_no_archive_is_created_without_a_required_file(project, tmp_path, name):
    path = project.root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    contents = contents_of(project.root)
    with pytest.raises(InputMissing, match=f"required files are missing: {name}"):
        write_archive(project, contents, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.slow
def test_the_command_reports_size_hash_and_missing_files(project, capsys):
    status = execute(parse(["submit", "--no-run"]), project)
    out = capsys.readouterr().out
    assert status == 0
    archive = project.root / "Task06_Submission.zip"
    assert f"{archive.stat().st_size:,} bytes" in out
    assert "missing: output/stage2_container_tests/test_results.json" in out
    assert "Run python App07.py to create the test results." in out
    first = archive.read_bytes()
    assert execute(parse(["submit", "--no-run"]), project) == 0
    assert archive.read_bytes() == first


@pytest.mark.slow
def test_an_archive_is_verified_in_another_folder(project, capsys, tmp_path):
    execute(parse(["submit", "--no-run"]), project)
    archive = project.root / "Task06_Submission.zip"
    assert execute(parse(["submit", "--verify", str(archive), "--no-run"]), project) == 0
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("extra.txt", "x")
    capsys.readouterr()
    assert execute(parse(["submit", "--verify", str(archive), "--no-run"]), project) == 0
    assert "not on the checklist: extra.txt" in capsys.readouterr().out
    assert execute(parse(["submit", "--verify", str(tmp_path / "none.zip")]), project) == 66


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [b"[" * 5_000_000, b"[" + b"{}," * 7_000_000 + b"{}]"], ids=["nested", "long"]
)
def test_a_very_large_result_is_read_in_a_worker(project, capsys, tmp_path, content):
    resource = pytest.importorskip("resource")
    execute(parse(["submit", "--no-run"]), project)
    archive = project.root / "Task06_Submission.zip"
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("output/stage3_compose_execution/prediction.json", content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert execute(parse(["submit", "--verify", str(archive), "--no-run"]), project) in (0, 65)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.slow
def test_an_archive_that_cannot_be_written_ends_with_73(project, capsys):
    words = ["submit", "--no-run", "--output", str(project.root / "README.md" / "a.zip")]
    assert execute(parse(words), project) == 73
    assert "cannot be written" in capsys.readouterr().err


def created(project: Layout, target: Path) -> int:
    return execute(parse(["submit", "--no-run", "--output", str(target)]), project)


@pytest.mark.slow
def test_an_archive_does_not_overwrite_a_file_that_it_contains(project, tmp_path, capsys):
    before = (project.root / "README.md").read_bytes()
    os.link(project.root / "README.md", tmp_path / "linked.zip")
    for target in (
        project.root / "README.md",
        project.root / "output" / ".." / "README.md",
        tmp_path / "linked.zip",
    ):
        assert created(project, target) == 2
        assert (
            "is one of the files to be archived; the archive would overwrite it." in capsys.readouterr().err
        )
    assert (project.root / "README.md").read_bytes() == before


@pytest.mark.slow
def test_an_archive_replaces_only_another_archive(project, tmp_path, capsys):
    target = tmp_path / "notes.zip"
    target.write_text("my notes")
    assert created(project, target) == 73
    assert (
        "notes.zip exists and is not a zip archive; the archive would replace it." in capsys.readouterr().err
    )
    assert target.read_text() == "my notes"
    target.write_bytes(b"")
    assert created(project, target) == created(project, target) == 0


@pytest.mark.slow
def test_files_named_like_secrets_are_excluded_from_every_folder(project):
    names = [
        ".env", "prod.env", "server.pem", "id_ecdsa", ".netrc", ".git-credentials", "Credentials.json", "tokens.txt",
        "api_token.txt", ".htpasswd", "client_secret_1.json", ".aws/config", ".ssh/known_hosts",
    ]  # fmt: skip
    folders = ("models", "data", "docs", "container2_knowledgebase", "pipeline", "evaluation")
    written = {f"{folder}/{name}" for folder in folders for name in [*names, "more/credentials"]}
    for name in written:
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("x")
    contents = contents_of(project.root)
    assert {name for name, why in contents.left_out if why == "looks like a secret"} == written
    assert written.isdisjoint(contents.files)


@pytest.mark.slow
@pytest.mark.parametrize(
    "token",
    ["github_pat_" + "a" * 22, "glpat-" + "a" * 20, "AIza" + "a" * 35, "npm_" + "a" * 36, "ghp_" + "a" * 36],
)
def test_a_known_form_of_a_token_is_refused(project, token):
    (project.root / "models" / "notes.md").write_text(f"see {token}\n")
    with pytest.raises(DataError, match=r"models/notes.md line 1 contains what looks like a secret"):
        contents_of(project.root)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD=correct-horse-battery",
        'api_key: "0123456789abcdef"',
        "git clone https://me:hunter22@example.org/x",
    ],
)
def test_a_possible_secret_is_a_warning_with_its_line(project, capsys, line):
    (project.root / "models" / "notes.md").write_text(f"# notes\n{line}\n")
    assert contents_of(project.root).suspicious == (("models/notes.md", 2),)
    assert execute(parse(["submit", "--no-run"]), project) == 0
    assert "warning: models/notes.md line 2 may hold a secret" in capsys.readouterr().out


@pytest.mark.slow
def test_this_projects_own_files_cause_no_secret_warning(project):
    assert contents_of(project.root).suspicious == ()


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.mark.slow
def test_untracked_files_are_omitted_and_reported(project, capsys):
    git(project.root, "init", "-q")
    git(project.root, "add", "-A")
    (project.root / "models" / "private_customers.csv").write_text("x")
    (project.root / "container2_knowledgebase" / "currentSolution.card.json").touch()
    git(
        project.root,
        "rm",
        "-q",
        "--cached",
        "container2_knowledgebase/currentSolution.card.json",
        "discussion.txt",
    )
    assert execute(parse(["submit", "--no-run"]), project) == 0
    out = capsys.readouterr().out
    assert (
        "left out: models/private_customers.csv is not tracked by git (git add it if it belongs here)" in out
    )
    with zipfile.ZipFile(project.root / "Task06_Submission.zip") as archive:
        names = archive.namelist()
    assert "models/private_customers.csv" not in names
    assert {"discussion.txt", "container2_knowledgebase/currentSolution.card.json"} <= set(names)


@pytest.fixture(scope="session")
def run_project(own_project, tmp_path_factory) -> Layout:
    """Return a project with the results of a run with the local engine; tests must not change it."""
    layout = Layout(shutil.copytree(own_project.root, tmp_path_factory.mktemp("run") / "project"))
    assert execute(parse(["run", "--engine", "local"]), layout) == 0
    return layout


@pytest.fixture
def with_results(run_project, tmp_path) -> Layout:
    """Return the project with the results of a run with the local engine."""
    return Layout(shutil.copytree(run_project.root, tmp_path / "with-results"))


@pytest.mark.slow
def test_results_of_these_files_are_not_outdated(with_results, capsys):
    assert outdated_results(with_results) == ()
    assert execute(parse(["submit", "--no-run"]), with_results) == 0
    assert "outdated" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        (
            "container2_knowledgebase/currentSolution.pkl",
            [
                "output/stage1_prepare_files/currentSolution.pkl differs from container2_knowledgebase/currentSolution.pkl",
                "output/stage3_compose_execution/currentSolution.pkl differs from "
                "container2_knowledgebase/currentSolution.pkl",
                "output/stage3_compose_execution/prediction.json does not belong to "
                "container2_knowledgebase/currentSolution.pkl",
            ],
        ),
        (
            "container1_activationbase/currentActivation.csv",
            [
                "output/stage1_prepare_files/currentActivation.csv differs from "
                "container1_activationbase/currentActivation.csv",
                "output/stage3_compose_execution/activation_data.csv differs from "
                "container1_activationbase/currentActivation.csv",
                "output/stage3_compose_execution/prediction.json does not belong to "
                "container1_activationbase/currentActivation.csv",
            ],
        ),
        (
            "container3_codebase/UE_07_App5.py",
            ["output/stage1_prepare_files/UE_07_App5.py differs from container3_codebase/UE_07_App5.py"],
        ),
        (
            "output/stage3_compose_execution/prediction.csv",
            [
                "output/stage3_compose_execution/prediction.json does not belong to "
                "output/stage3_compose_execution/prediction.csv"
            ],
        ),
    ],
)
def test_results_of_other_files_are_reported_as_outdated_with_advice(with_results, capsys, name, sentences):
    with (with_results.root / name).open("ab") as file:
        file.write(b"\n")
    assert list(outdated_results(with_results)) == sentences
    capsys.readouterr()
    assert execute(parse(["submit", "--no-run"]), with_results) == 0
    out = capsys.readouterr().out
    for sentence in sentences:
        assert f"  outdated: {sentence}\n" in out
    assert "Run python App07.py without options" in out
    assert out.endswith(f"outdated: {len(sentences)} of the results above do not match the submitted files\n")


@pytest.mark.slow
def test_a_removed_or_changed_card_makes_the_results_outdated(with_results):
    card = with_results.own_knowledge.with_name("currentSolution.card.json")
    card.write_text(card.read_text("utf-8") + "\n", encoding="utf-8")
    changed = outdated_results(with_results)
    card.unlink()
    for sentences in (changed, outdated_results(with_results)):
        assert len(sentences) == 3
        assert all("currentSolution.card.json" in sentence for sentence in sentences)


@pytest.mark.slow
def test_an_invalid_report_makes_the_prediction_outdated(with_results):
    report = with_results.stage3 / "prediction.json"
    for content in ("", "[]", "[" * 100_000, '{"knowledge": 1}'):
        report.write_text(content, encoding="utf-8")
        assert outdated_results(with_results) == (
            "output/stage3_compose_execution/prediction.json does not record which files the prediction was made from",
        )
    report.unlink()
    assert outdated_results(with_results) == (
        "output/stage3_compose_execution/prediction.csv exists without prediction.json",
    )
