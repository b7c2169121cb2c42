"""Files are written completely or not at all, and errors give the reason."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common import atomic_files
from common.errors import CannotWrite, InputMissing
from pybrain_runtime.io.atomic_file import cannot_write

PERMISSION = "Give the user of this process permission to write there."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.csv"
    path.write_bytes(b"1,2\r\n3,4\n")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_copied_with_its_folders_and_is_readable_by_all_users(tmp_path: Path, source: Path) -> None:
    source.chmod(0o600)
    target = tmp_path / "a" / "b" / "target.csv"
    assert atomic_files.copy_if_changed(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o644
    assert names_in(target.parent) == ["target.csv"]


def test_an_identical_file_is_not_rewritten(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "target.csv"
    atomic_files.copy_if_changed(source, target)
    os.utime(target, ns=(10**18, 10**18))
    before = target.stat()
    assert not atomic_files.copy_if_changed(source, target)
    after = target.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_different_file_of_the_same_size_is_replaced(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "target.csv"
    target.write_bytes(b"1,2\r\n3,5\n")
    assert atomic_files.copy_if_changed(source, target)
    assert target.read_bytes() == source.read_bytes()


def test_a_link_is_replaced_and_its_target_is_kept(tmp_path: Path, source: Path) -> None:
    pointed = tmp_path / "precious.csv"
    pointed.write_text("precious", encoding="utf-8")
    target = tmp_path / "target.csv"
    target.symlink_to(pointed)
    atomic_files.copy_if_changed(source, target)
    assert not target.is_symlink()
    assert pointed.read_text(encoding="utf-8") == "precious"


def test_a_reader_sees_the_old_file_until_the_new_one_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    atomic_files.write_text(target, "old")
    with atomic_files.atomic_write(target) as temporary:
        temporary.write_text("half of the n", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "half of the n"


def test_a_failed_write_leaves_only_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    atomic_files.write_text(target, "old")
    with pytest.raises(ZeroDivisionError), atomic_files.atomic_write(target) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert target.read_text(encoding="utf-8") == "old"
    assert names_in(tmp_path) == ["target.txt"]


def test_only_temporary_files_of_ended_processes_are_removed(
    tmp_path: Path,
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from common import atomic_files\n"
        "with atomic_files.atomic_write(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); print('writing', flush=True); time.sleep(600)"
    )
    target = tmp_path / "target.txt"
    with subprocess.Popen([sys.executable, "-c", code, target], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        atomic_files.write_text(target, "whole")
        assert len(names_in(tmp_path)) == 2
        process.kill()
    atomic_files.write_text(target, "another")
    assert names_in(tmp_path) == ["target.txt"]


def test_a_pipe_is_replaced_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "text.txt")
    atomic_files.write_text(tmp_path / "text.txt", "the text")
    assert (tmp_path / "text.txt").read_text() == "the text"


def test_text_is_written_as_utf_8_with_lf(tmp_path: Path) -> None:
    atomic_files.write_text(tmp_path / "text.txt", "✓ fünf\nsechs\n")
    assert (tmp_path / "text.txt").read_bytes() == "✓ fünf\nsechs\n".encode()


def test_identical_text_is_not_rewritten(tmp_path: Path) -> None:
    target = tmp_path / "text.txt"
    atomic_files.write_text(target, "the same")
    os.utime(target, ns=(10**18, 10**18))
    atomic_files.write_text(target, "the same")
    assert target.stat().st_mtime_ns == 10**18
    atomic_files.write_text(target, "another")
    assert target.read_text(encoding="utf-8") == "another"


def test_json_is_indented_and_keeps_unicode(tmp_path: Path) -> None:
    atomic_files.write_json(tmp_path / "value.json", {"name": "fünf", "rows": [1, 2]})
    text = (tmp_path / "value.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"name": "fünf", "rows": [1, 2]}
    assert text.startswith('{\n  "name": "fünf",\n')
    assert text.endswith("}\n")


def test_sha256_is_computed_from_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "big").write_bytes(content)
    assert atomic_files.sha256_of(tmp_path / "big") == hashlib.sha256(content).hexdigest()


def test_files_are_equal_only_with_equal_bytes(tmp_path: Path) -> None:
    for name, content in (("a", b"12"), ("b", b"12"), ("c", b"13"), ("d", b"123")):
        (tmp_path / name).write_bytes(content)
    a = tmp_path / "a"
    assert atomic_files.same_content(a, tmp_path / "b")
    assert not atomic_files.same_content(a, tmp_path / "c")
    assert not atomic_files.same_content(a, tmp_path / "d")
    assert not atomic_files.same_content(a, tmp_path / "missing")
    assert not atomic_files.same_content(tmp_path / "missing", tmp_path / "missing")
    assert not atomic_files.same_content(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "no space left on device.\n  Free some space, then run again."),
        (errno.EDQUOT, "disk quota exceeded.\n  Free some space, then run again."),
        (errno.EROFS, "read-only file system.\n  Mount the folder read-write."),
        (errno.EACCES, f"permission denied.\n  {PERMISSION}"),
        (errno.EPERM, f"operation not permitted.\n  {PERMISSION}"),
        (errno.ENAMETOOLONG, "file name too long."),
    ],
)
def test_a_failed_write_is_reported_with_the_reason(number: int, reason: str) -> None:
    error = cannot_write(Path("/a/b.csv"), OSError(number, os.strerror(number)))
    assert error.status == 73
    assert str(error) == f"/a/b.csv cannot be written: {reason}"
    assert error.path == "/a/b.csv"


def test_a_folder_in_place_of_a_file_is_reported(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "target.csv"
    target.mkdir()
    with pytest.raises(CannotWrite) as refused:
        atomic_files.copy_if_changed(source, target)
    assert str(refused.value) == f"{target} cannot be written: is a directory."
    assert names_in(tmp_path) == ["source.csv", "target.csv"]


def test_a_file_in_place_of_a_folder_is_reported(tmp_path: Path, source: Path) -> None:
    (tmp_path / "folder").touch()
    target = tmp_path / "folder" / "target.csv"
    with pytest.raises(CannotWrite) as refused:
        atomic_files.copy_if_changed(source, target)
    assert str(refused.value) == f"{target} cannot be written: file exists."


def test_a_missing_source_is_reported_and_not_the_target(tmp_path: Path) -> None:
    with pytest.raises(InputMissing) as refused:
        atomic_files.copy_if_changed(tmp_path / "missing.csv", tmp_path / "target.csv")
    assert refused.value.status == 66
    assert str(tmp_path / "missing.csv") in refused.value.message
    assert "target.csv" not in str(refused.value)
    assert names_in(tmp_path) == []


def test_a_full_disk_is_reported_and_leaves_the_old_file(small_disk: Path, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(b"1,2\n" * 50_000)
    target = small_disk / "target.csv"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(CannotWrite) as refused:
        atomic_files.copy_if_changed(big, target)
    assert (
        str(refused.value)
        == f"{target} cannot be written: no space left on device.\n  Free some space, then run again."
    )
    assert target.read_text(encoding="utf-8") == "old"
    assert names_in(small_disk) == ["target.csv"]


def test_a_read_only_disk_is_reported(
    tmp_path: Path, source: Path, read_only: Callable[[Path], Path]
) -> None:
    folder = tmp_path / "frozen"
    folder.mkdir()
    (folder / "old.txt").touch()
    read_only(folder)
    for attempt in (
        lambda: atomic_files.copy_if_changed(source, folder / "target.csv"),
        lambda: atomic_files.write_text(folder / "target.csv", "text"),
    ):
        with pytest.raises(CannotWrite) as refused:
            attempt()
        assert (
            str(refused.value)
            == f"{folder / 'target.csv'} cannot be written: read-only file system.\n  Mount the folder read-write."
        )
    with pytest.raises(CannotWrite, match=r"old\.txt cannot be written: read-only file system"):
        atomic_files.remove(folder / "old.txt")
    with pytest.raises(CannotWrite, match="new cannot be written: read-only file system"):
        atomic_files.make_folder(folder / "new")


def test_removing_a_missing_file_has_no_effect(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    atomic_files.remove(tmp_path / "file")
    atomic_files.remove(tmp_path / "file")
    assert names_in(tmp_path) == []


def test_a_folder_in_place_of_a_file_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotWrite, match="folder cannot be written"):
        atomic_files.remove(tmp_path / "folder")
    assert names_in(tmp_path) == ["folder"]


def test_a_folder_can_be_entered_by_containers_of_another_user(tmp_path: Path) -> None:
    narrow = tmp_path / "narrow"
    narrow.mkdir(mode=0o700)
    for folder in (narrow, tmp_path / "new" / "deep"):
        assert atomic_files.make_folder(folder) == folder
        assert folder.stat().st_mode & 0o005 == 0o005


def test_a_file_in_place_of_a_required_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "shared_data").touch()
    with pytest.raises(CannotWrite) as refused:
        atomic_files.make_folder(tmp_path / "shared_data")
    assert str(refused.value) == f"{tmp_path / 'shared_data'} cannot be written: file exists."


_AS_SOMEBODY_ELSE = """
import os, sys
from pathlib import Path
from common import atomic_files
from common.errors import PipelineError
if os.geteuid() == 0:
    os.setegid(23457); os.seteuid(23457)
try:
    atomic_files.copy_if_changed(Path(sys.argv[1]), Path(sys.argv[2]))
except PipelineError as error:
    print(error.status, error.message)
"""


def write_as_ordinary_user(source: Path, target: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _AS_SOMEBODY_ELSE, str(source), str(target)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that every user can read and write."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def readable(open_folder: Path) -> Path:
    path = open_folder / "source.csv"
    path.write_bytes(b"1,2\r\n3,4\n")
    path.chmod(0o644)
    return path


def test_a_folder_without_write_permission_is_reported(open_folder: Path, readable: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    said = write_as_ordinary_user(readable, closed / "target.csv")
    assert said == f"73 {closed / 'target.csv'} cannot be written: permission denied."


def test_a_source_without_read_permission_is_reported_and_not_the_target(
    open_folder: Path, readable: Path
) -> None:
    readable.chmod(0o000)
    said = write_as_ordinary_user(readable, open_folder / "target.csv")
    assert said.startswith(f"66 {readable} cannot be read: ")
    assert names_in(open_folder) == ["source.csv"]


def test_a_target_without_read_permission_is_replaced(open_folder: Path, readable: Path) -> None:
    target = open_folder / "target.csv"
    target.write_bytes(b"1,2\r\n3,5\n")
    target.chmod(0o000)
    assert write_as_ordinary_user(readable, target) == ""
    assert target.read_bytes() == readable.read_bytes()
