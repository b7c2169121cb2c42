"""The block of variables in `.env` is replaced; all other lines are kept unchanged."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from common.env_file import writing
from common.env_file.block import BEGIN, END, edit
from common.env_file.syntax import EnvFileError
from common.errors import CannotWrite

NAMES = ("PLATFORM", "CPU_LIMIT", "CPU_THREADS")
TWO = {"CPU_LIMIT": "2", "CPU_THREADS": "2"}
BLOCK = f"{BEGIN}\nCPU_LIMIT=2\nCPU_THREADS=2\n{END}\n"


def edited(text: str, variables: dict[str, str] = TWO) -> str:
    return edit(text.encode(), variables, NAMES).content.decode()


def test_an_empty_file_gets_the_block() -> None:
    assert edited("") == BLOCK


def test_the_block_is_added_below_the_existing_lines() -> None:
    own = "# mine\n\nMODEL_NAME = 'iris'   # a comment\n  export Z=1"
    assert edited(own) == f"{own}\n{BLOCK}"


def test_the_block_is_replaced_in_place() -> None:
    text = f"A=1\n{BEGIN}\nPLATFORM=linux/amd64\nCPU_LIMIT=64\n{END}\nB=2"
    assert edited(text) == f"A=1\n{BLOCK}B=2"


def test_writing_again_changes_nothing() -> None:
    once = edited("A=1\n")
    assert edited(once) == once


def test_the_block_has_the_line_endings_of_the_file() -> None:
    assert edited("A=1\r\nB=2\r\n") == "A=1\r\nB=2\r\n" + BLOCK.replace("\n", "\r\n")


def test_a_variable_assigned_anywhere_in_the_file_is_left_out_of_the_block() -> None:
    for text in (f"CPU_LIMIT=1\n{BLOCK}", f"{BLOCK}CPU_LIMIT=1\n"):
        result = edit(text.encode(), TWO, NAMES)
        assert "CPU_LIMIT=2" not in result.content.decode()
        assert "CPU_LIMIT=1\n" in result.content.decode()
        assert (dict(result.written), list(result.kept)) == ({"CPU_THREADS": "2"}, ["CPU_LIMIT"])


def test_lines_written_into_the_block_by_hand_move_below_it() -> None:
    text = f"{BEGIN}\nCPU_LIMIT=64\n# mine\nMODEL_NAME=iris\n{END}\nB=2\n"
    assert edited(text) == f"{BLOCK}# mine\nMODEL_NAME=iris\nB=2\n"


def test_without_variables_the_block_is_removed() -> None:
    assert edited(f"A=1\n{BLOCK}B=2\n", {}) == "A=1\nB=2\n"


@pytest.mark.parametrize(
    "text", [f"A=1\n{BEGIN}\nB=2\n", f"A=1\n{END}\n", f"A=1\n{END}\n{BEGIN}\n", BLOCK + BLOCK]
)
def test_damaged_markers_are_refused(text: str) -> None:
    message = r"^\.env line [12] is an unmatched or repeated marker of the block of variables\."
    with pytest.raises(EnvFileError, match=message):
        edited(text)


def test_no_block_is_written_after_an_unclosed_quote() -> None:
    with pytest.raises(EnvFileError, match=r"^\.env line 1 has an unclosed quote \('\)"):
        edited("A='open\n")


def test_a_replaced_file_keeps_its_permissions_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"SECRET=1\n")
    path.chmod(0o600)
    assert writing.replace(path, b"SECRET=1\n", b"SECRET=1\nA=2\n")
    assert path.read_bytes() == b"SECRET=1\nA=2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_unchanged_file_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\n")
    before = path.stat()
    assert not writing.replace(path, b"A=1\n", b"A=1\n")
    found = path.stat()
    assert (found.st_ino, found.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"A=1\n")
    path = tmp_path / ".env"
    path.symlink_to(target)
    with pytest.raises(CannotWrite, match=r"^\.env is not written: it is a link\."):
        writing.read_bytes(path)
    assert target.read_bytes() == b"A=1\n"


def test_a_folder_and_a_read_only_file_are_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    with pytest.raises(CannotWrite, match="it is not a file"):
        writing.read_bytes(folder)
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\n")
    path.chmod(0o444)
    with pytest.raises(CannotWrite, match="it is read-only"):
        writing.replace(path, b"A=1\n", b"B=1\n")


def test_a_concurrent_change_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=changed\n")
    with pytest.raises(CannotWrite, match="another program changed it at the same time"):
        writing.replace(path, b"A=1\n", b"B=1\n")
    assert path.read_bytes() == b"A=changed\n"
    assert list(tmp_path.iterdir()) == [path]
