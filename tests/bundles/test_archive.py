"""Paths in a bundle are safe on every system, and its bytes depend only on names and contents."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pipeline.bundles.archive import Entry, check_name, files_of, write_archive
from pipeline.bundles.errors import SourceRefused


@pytest.mark.parametrize(
    "name", ["a", "a/b.txt", ".dockerignore", ".gitignore", "a b/ä.py", "console.py", "folder/"]
)
def test_an_ordinary_path_is_accepted(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "/a",
            "../a",
            "a/../b",
            "a//b",
            "./a",
            "a/.",
            "a\\b",
            "C:/a",
            "a:b",
            "a\n",
            "a\x00b",
            "a\x1b[2J",
            "a\u202eb",
        ),
        *(
            ".git/config",
            "a/.GIT/hooks/x",
            "git~1/x",
            ".g\u200cit/x",
            "con",
            "a/NUL.txt",
            "com1",
            "a.",
            "a /b",
            "a?",
            "a*",
        ),
        "a" * 300,
    ],
)
def test_a_path_that_is_unsafe_on_some_system_is_refused(name: str) -> None:
    with pytest.raises(SourceRefused, match="every system can unpack"):
        check_name(name)


def test_an_archive_depends_only_on_names_and_contents(tmp_path: Path) -> None:
    for folder, names in (("first", "ab"), ("second", "ba")):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text(name)
        (tmp_path / folder / "a").chmod(0o777 if folder == "first" else 0o700)
        entries = dict(files_of(tmp_path / folder, "x/"))
        write_archive(tmp_path / f"{folder}.zip", entries | {"c": Entry(b"c")}, frozenset({"empty/"}))
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.zip") as found:
        assert found.namelist() == ["c", "empty/", "x/a", "x/b"]
        assert [oct(info.external_attr >> 16) for info in found.infolist()] == [
            "0o100644",
            "0o40755",
            "0o100755",
            "0o100644",
        ]


def test_links_and_pipes_of_a_folder_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    (tmp_path / "file").write_text("x")
    assert [name for name, _ in files_of(tmp_path, "")] == ["file"]
