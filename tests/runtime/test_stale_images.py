"""A run reports, in its last lines and its report, images that differ from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pybrain_runtime.container.image_check import check_published, stale_images
from pybrain_runtime.errors import DataError

ROOT = Path(__file__).parents[2]
CODE = ROOT / "container3_codebase"
IRIS = ROOT / "tests" / "fixtures" / "default" / "iris"


def digest(folder: Path) -> str:
    """Return the output of built_from.sh for a folder like container3_codebase."""
    files = [CODE / "built_from.sh", folder / "UE_07_App5.py", folder / "requirements.txt", folder]
    return subprocess.run(["sh", *files], capture_output=True, text=True, check=True).stdout


def small(folder: Path) -> Path:
    """Return a folder with the same parts, each with little content."""
    for name in (
        "UE_07_App5.py",
        "requirements.txt",
        "pybrain/a.py",
        "pybrain3/a.py",
        "pybrain_runtime/a.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    return folder


def test_without_notices_there_are_no_warnings(tmp_path: Path) -> None:
    (tmp_path / "activationbase.notice").touch()
    (tmp_path / "code.sha256").write_text("abc\n")
    (tmp_path / "ours").write_text("abc\n")
    assert stale_images(str(tmp_path), str(tmp_path / "ours")) == ()
    assert stale_images("") == ()
    assert stale_images(str(tmp_path / "nowhere")) == ()


def test_every_notice_and_other_code_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "activationbase.notice").write_text("other rows\n")
    (tmp_path / "knowledgebase.notice").write_text("another network\n\n")
    (tmp_path / "code.sha256").write_text("a" * 64 + "\n")
    said = stale_images(str(tmp_path), str(tmp_path / "missing"))
    assert said[:2] == ("other rows", "another network")
    assert said[2].startswith(
        "codebase_app07 was built from other code (sha256 unknown) than container3_codebase (sha256 aaaaaaaaaaaaaaaa)."
    )
    assert said[2].endswith("docker-compose up --build")


@pytest.mark.parametrize("make", ["pipe", "folder", "link"])
def test_irregular_files_are_not_notices(tmp_path: Path, make: str) -> None:
    place = tmp_path / "activationbase.notice"
    if make == "pipe":
        os.mkfifo(place)
    elif make == "folder":
        place.mkdir()
    else:
        (tmp_path / "private").write_text("private\n")
        place.symlink_to("private")
    assert stale_images(str(tmp_path)) == ()


@pytest.mark.slow
def test_the_program_prints_the_warning_last_and_reports_it(tmp_path: Path) -> None:
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "knowledgebase.notice").write_text("another network\n")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONIOENCODING": "utf-8",
        "NOTICES": str(tmp_path / "notices"),
        "MODEL_PATH": str(IRIS / "currentSolution.pkl"),
        "DATA_PATH": str(IRIS / "currentActivation.csv"),
        "OUTPUT_PATH": str(tmp_path / "prediction.csv"),
    }

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, str(CODE / "UE_07_App5.py")]
        return subprocess.run(
            program, env=environment | more, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    done = run()
    assert done.returncode == 0
    assert done.stdout.endswith("ACTIVATION COMPLETE\nWARNING: another network\n")
    report = json.loads((tmp_path / "prediction.json").read_text("utf-8"))
    assert report["stale_images"] == ["another network"]
    done = run(DATA_PATH=str(tmp_path / "none.csv"))
    assert done.returncode == 66
    assert done.stdout.endswith("WARNING: another network\n")


def test_the_digest_of_the_code_follows_its_content_and_nothing_else(tmp_path: Path) -> None:
    first, second = small(tmp_path / "a"), small(tmp_path / "b")
    same = digest(first)
    assert len(same) == 65
    (second / "pybrain" / "__pycache__").mkdir()
    (second / "pybrain" / "__pycache__" / "a.pyc").write_bytes(b"x")
    (second / "pybrain" / "a.py").chmod(0o600)
    os.utime(second / "pybrain" / "a.py", (1, 1))
    assert digest(second) == same
    seen = {same}
    for name in ("UE_07_App5.py", "requirements.txt", "pybrain_runtime/a.py", "pybrain/new one.py"):
        (second / name).write_text("# changed\n")
        seen.add(digest(second))
    assert len(seen) == 5


def test_a_file_of_another_stack_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "activationbase.sha256").write_text("a" * 64 + "  /shared_data/activation_data.csv\n")
    check_published(str(tmp_path), "/shared_data/activation_data.csv", "a" * 64)
    check_published(str(tmp_path), "/elsewhere/rows.csv", "b" * 64)
    check_published("", "/shared_data/activation_data.csv", "b" * 64)
    with pytest.raises(DataError) as caught:
        check_published(str(tmp_path), "/shared_data/activation_data.csv", "b" * 64)
    assert str(caught.value).startswith(
        "/shared_data/activation_data.csv is not the file that activationbase published "
        "(sha256 bbbbbbbbbbbbbbbb was read, aaaaaaaaaaaaaaaa was published)."
    )


@pytest.mark.slow
def test_the_program_leaves_no_prediction_of_another_stacks_rows(tmp_path: Path) -> None:
    data = IRIS / "currentActivation.csv"
    (tmp_path / "activationbase.sha256").write_text("a" * 64 + f"  {data}\n")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONIOENCODING": "utf-8",
        "NOTICES": str(tmp_path),
        "MODEL_PATH": str(IRIS / "currentSolution.pkl"),
        "DATA_PATH": str(data),
        "OUTPUT_PATH": str(tmp_path / "prediction.csv"),
    }
    program = [sys.executable, str(CODE / "UE_07_App5.py")]
    done = subprocess.run(program, env=environment, text=True, capture_output=True)
    assert done.returncode == 65
    assert "is not the file that activationbase published" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["activationbase.sha256"]


def test_a_card_that_was_not_published_is_refused(tmp_path: Path) -> None:
    note, card = tmp_path / "knowledgebase.sha256", "/shared_data/currentSolution.card.json"
    note.write_text("a" * 64 + "  /shared_data/currentSolution.pkl\n")
    check_published(str(tmp_path), card, "")
    with pytest.raises(
        DataError, match=r"card.json is not .* \(sha256 bbbbbbbbbbbbbbbb was read, none was published\)"
    ):
        check_published(str(tmp_path), card, "b" * 64)
    with note.open("a") as file:
        file.write("c" * 64 + f"  {card}\n")
    check_published(str(tmp_path), card, "c" * 64)
    with pytest.raises(DataError, match=r"\(sha256 of none was read, cccccccccccccccc was published\)"):
        check_published(str(tmp_path), card, "")
