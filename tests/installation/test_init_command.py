"""`init` creates a checkout from these sources, and never changes an existing file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.project import PROJECT, Layout
from pipeline.checkout.contents import files_of
from pipeline.checkout.lay_out import lay_out, sources_of
from pipeline.checkout.locate import locate
from pipeline.cli import main
from pybrain_runtime.errors import CannotWrite, InputMissing, OutputExists
from tests.driving import driven

OF_DEVELOPERS = ("tests/", "fuzz/", "benchmarks/", "scripts/", ".ci/", ".github/", "requirements/contract")
DEVELOPERS_FILES = {".pre-commit-config.yaml", "noxfile.py", "requirements-test.lock"}


def is_for_users(name: str) -> bool:
    return not name.startswith(OF_DEVELOPERS) and name not in DEVELOPERS_FILES


@pytest.mark.slow
def test_every_file_for_users_is_written() -> None:
    listed = subprocess.run(
        ["git", "-C", PROJECT.root, "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a clone")
    tracked = {name for name in listed.stdout.split("\0") if name and (PROJECT.root / name).exists()}
    expected = {name for name in tracked if is_for_users(name)}
    assert expected - set(sources_of()) == set(), "add them to pipeline/checkout/files.txt"
    assert {name for name in sources_of() if name in tracked and not is_for_users(name)} == set()


def test_files_of_the_user_are_not_copied(checkout: Layout) -> None:
    for name in (
        "models/mine.pkl",
        "data/mine.csv",
        "container2_knowledgebase/mine.pkl",
        "notes.txt",
        ".env",
    ):
        (checkout.root / name).write_text("private", encoding="utf-8")
    assert [name for name in files_of(checkout.root) if "mine" in name or name in ("notes.txt", ".env")] == []


@pytest.mark.slow
def test_a_new_checkout_is_equal_to_this_one_and_is_found_there_again(
    tmp_path: Path,
) -> None:
    made = lay_out(tmp_path / "new" / "checkout")
    sources = sources_of()
    assert (made.written, made.present) == (len(sources), 0)
    for name, source in sources.items():
        assert (made.root / name).read_bytes() == source.read_bytes()
    assert Layout(made.root).missing() == ()
    again = lay_out(made.root)
    assert (again.written, again.present) == (0, len(sources))
    # It is a source of further checkouts.
    assert sources_of(Layout(made.root)).keys() == sources.keys()


@pytest.mark.slow
def test_a_file_with_other_content_is_kept_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "LICENSE").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputExists) as error:
        lay_out(tmp_path)
    assert error.value.message == (
        f"{tmp_path} already has other files or links of these names: LICENSE, README.md. Nothing was written."
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LICENSE", "README.md"]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("in_the_way", ["link", "file"])
def test_nothing_is_written_through_a_link_or_if_a_file_is_in_place_of_a_folder(
    tmp_path: Path, in_the_way: str
) -> None:
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    for folder in (elsewhere, root):
        folder.mkdir()
    if in_the_way == "link":
        (root / "data").symlink_to(elsewhere)
    else:
        (root / "data").touch()
    with pytest.raises(OutputExists, match=r"of these names: data\. Nothing was written"):
        lay_out(root)
    assert [path.name for path in root.iterdir()] == ["data"]
    assert list(elsewhere.iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match=r"file"):
        lay_out(tmp_path / "file" / "checkout")


def test_an_empty_name_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(["init", ""])
    assert "the folder is empty; specify . for the current one" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_installation_without_the_files_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"does not contain the files of a checkout"):
        lay_out(tmp_path / "new", Layout(tmp_path))
    assert not (tmp_path / "new").exists()


def test_an_installed_program_works_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packages = Layout(tmp_path / "site-packages")
    assert locate("inspect", needs_checkout=False, layout=packages).root == tmp_path
    with pytest.raises(InputMissing) as error:
        locate("run", needs_checkout=True, layout=packages)
    assert error.value.message == (
        f"`run`, as typed, needs a checkout of the project, but {tmp_path} is not one: docker-compose.yml is missing."
    )
    assert error.value.hint.startswith("`app07 init FOLDER` creates one; run the command in that folder.")
    monkeypatch.chdir(PROJECT.root)
    assert locate("run", needs_checkout=True, layout=packages) == PROJECT


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be removed there")
def test_a_current_folder_that_was_removed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(
        InputMissing, match=r"^The current folder cannot be used: No such file or directory\.$"
    ):
        locate("inspect", needs_checkout=False, layout=Layout(tmp_path))


def test_a_new_checkout_has_no_tests_and_reports_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = driven(capsys, Layout(tmp_path), "test")
    assert seen.status == 66
    assert seen.err == "✗ This checkout has no tests; the repository does.\n  Clone it to run them.\n"
