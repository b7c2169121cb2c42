"""`clean` removes what runs have left behind, lists it first, and touches nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.project import Layout
from common.run_lock import exclusive
from pipeline.engines.image_names import project_name
from tests.conftest import engine_required
from tests.driving import Driven, driven

Clean = Callable[..., Driven]

OURS = (
    "output/stage1_prepare_files/currentActivation.csv",
    "output/stage3_compose_execution/prediction.csv",
    "output/local_containers/codebase/UE_07_App5.py",
    "shared_data/activation_data.csv",
    "shared_data/prediction.json",
    "shared_data/.prediction.csv.abc123",
)
KEPT_UNLESS_ALL = ("output/stage1_prepare_files/replaced/own.pkl", "output/training/current/knowledge.pkl")
NOT_OURS = (
    "shared_data/notes.txt",
    "shared_data/.gitkeep",
    "output/.gitkeep",
    "models/own.pkl",
    ".env",
    ".venv/x",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with the parts by which a checkout is recognized, and with files of runs and of the user."""
    root = tmp_path / "project"
    for name in Layout(root).missing():
        (root / name).mkdir(parents=True)
    for name in (*OURS, *KEPT_UNLESS_ALL, *NOT_OURS):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"12345678")
    return root


@pytest.fixture
def clean(root: Path, capsys: pytest.CaptureFixture[str]) -> Clean:
    return lambda *words: driven(capsys, Layout(root), "clean", *words)


def present(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_lists_everything_and_changes_nothing(root: Path, clean: Clean) -> None:
    before = present(root)
    seen = clean("--keep-images", "--dry-run")
    assert (seen.status, seen.err) == (0, "")
    assert seen.out == (
        "  output/local_containers/                                  8 bytes\n"
        "  output/stage1_prepare_files/currentActivation.csv              8 bytes\n"
        "  output/stage3_compose_execution/                          8 bytes\n"
        "  shared_data/.prediction.csv.abc123                        8 bytes\n"
        "  shared_data/activation_data.csv                           8 bytes\n"
        "  shared_data/prediction.json                               8 bytes\n"
        "  kept: output/stage1_prepare_files/replaced/ (--all removes it)\n"
        "  kept: output/training (--all removes it)\n"
        "  kept: shared_data/notes.txt, which no run writes\n"
        "  6 would be removed, 48 bytes of files; nothing was changed\n"
    )
    assert present(root) == before


def test_results_of_runs_are_removed_and_nothing_else(root: Path, clean: Clean) -> None:
    seen = clean("--keep-images", "--json")
    assert (seen.json["status"], len(seen.json["removed"]), seen.json["failed"]) == (0, 6, {})
    assert present(root) == {*KEPT_UNLESS_ALL, *NOT_OURS}
    assert clean("--keep-images").out.splitlines()[-1] == "  nothing to remove"


def test_all_removes_trained_networks_and_replaced_files_as_well(root: Path, clean: Clean) -> None:
    assert clean("--keep-images", "--all").status == 0
    assert present(root) == set(NOT_OURS)


def test_the_target_of_a_link_is_not_touched(root: Path, clean: Clean, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "prediction.csv").write_text("mine", encoding="utf-8")
    (root / "output" / "stage2_container_tests").symlink_to(outside)
    (root / "shared_data" / "prediction.csv").symlink_to(outside / "prediction.csv")
    assert clean("--keep-images").status == 0
    assert (outside / "prediction.csv").read_text(encoding="utf-8") == "mine"
    assert not (root / "output" / "stage2_container_tests").is_symlink()
    (root / "output" / ".gitkeep").unlink()
    (root / "output" / "training" / "current" / "knowledge.pkl").rename(outside / "prediction.csv")
    for folder in ("training/current", "training", "stage1_prepare_files/replaced", "stage1_prepare_files"):
        for file in (root / "output" / folder).iterdir():
            file.unlink()
        (root / "output" / folder).rmdir()
    (root / "output").rmdir()
    (root / "output").symlink_to(outside)
    assert clean("--keep-images", "--all").out.splitlines()[-1] == "  nothing to remove"


def test_a_run_in_progress_is_not_disturbed(root: Path, clean: Clean) -> None:
    before = present(root) | {"output/.lock"}
    with exclusive(root / "output" / ".lock", patience=0, on_wait=lambda holder: None):
        seen = clean("--keep-images")
    assert seen.status == 75
    assert seen.err.startswith("✗ a run is in progress in this checkout: still held after 0 s by process ")
    assert present(root) == before


def test_files_that_cannot_be_removed_are_reported(
    root: Path, clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        seen = clean("--keep-images")
    assert seen.status == 73
    assert "shared_data/activation_data.csv (Permission denied)" in seen.err
    assert "sudo chown -R $USER output shared_data" in seen.err


def test_a_read_only_checkout_is_a_user_error(
    root: Path, clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "output" / ".lock").touch()
    before, opened = present(root), Path.open

    def read_only(path: Path, mode: str = "r", **options: Any) -> Any:
        if mode != "r":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, mode, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", read_only)
        seen = clean("--keep-images")
    assert seen.status == 73
    assert "output/.lock cannot be written: permission denied." in seen.err
    assert present(root) == before


@pytest.mark.docker
def test_images_of_this_checkout_are_removed_and_others_are_kept(root: Path, clean: Clean) -> None:
    from common.docker_command import find_daemon

    with engine_required():
        find_daemon()
    own, other = project_name(Layout(root)), "other-00000000"
    names = {f"codebase_app07:clean-{own}": own, f"codebase_app07:clean-{other}": other}
    try:
        for name, project in names.items():
            words = ["docker", "build", "--quiet", "--label", f"app07.checkout={project}", "--tag", name, "-"]
            subprocess.run(words, input=b"FROM scratch\nLABEL made=here\n", capture_output=True, check=True)
        assert f"  image codebase_app07:clean-{own}\n" in clean("--dry-run").out
        assert clean().status == 0
        words = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        assert [name in listed for name in names] == [False, True]
    finally:
        subprocess.run(["docker", "image", "rm", *names], capture_output=True, check=False)
