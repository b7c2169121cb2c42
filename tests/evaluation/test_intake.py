"""A submission is copied within limits: no path leads outside, links are not followed, and nothing is executed."""

from __future__ import annotations

import os
import socket
import stat
import struct
import subprocess
import threading
import tracemalloc
import zipfile
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from common.errors import InputMissing
from evaluation.compose.mounts import MountRefused, read_mount
from evaluation.errors import CannotOpenHere, NoSubmission
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.submission.submodules import SubmoduleSource
from tests.evaluation.submissions import copy_submission

COMPOSE = "services: {a: {image: busybox}}\n"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "taken-in"


def folder(path: Path, **files: str | bytes) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in {"docker-compose.yml": COMPOSE, **files}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def archive(path: Path, entries: dict[str, bytes], *, mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return path


def refused(source, place, limits=DEFAULT_LIMITS) -> str:
    with pytest.raises(NoSubmission) as error:
        copy_submission(str(source), place, limits)
    assert error.value.status == 65
    return error.value.message


def test_a_folder_is_copied_without_caches_and_environments(tmp_path, place):
    source = folder(tmp_path / "one", **{".git/config": "x", "__pycache__/a.pyc": "x", "a/b.txt": "text"})
    taken = copy_submission(str(source), place, DEFAULT_LIMITS)
    assert taken.files == ("a/b.txt", "docker-compose.yml")
    assert (taken.name, taken.kind) == ("one", "folder")
    (source / "a/b.txt").write_text("changed later")
    assert taken.text("a/b.txt") == "text"


def test_a_virtual_environment_of_any_name_is_omitted(tmp_path, place):
    source = folder(tmp_path / "one", **{"my env/pyvenv.cfg": "x", "my env/lib/a.py": "x", "a.py": "x"})
    taken = copy_submission(str(source), place, replace(DEFAULT_LIMITS, files=4))
    assert taken.files == ("a.py", "docker-compose.yml")
    assert taken.remarks[0].text == "is a Python virtual environment; it was left out"


def test_links_that_lead_outside_are_omitted_and_those_inside_are_kept(tmp_path, place):
    source = folder(tmp_path / "one", real="content")
    (source / "inside").symlink_to("real")
    (source / "outside").symlink_to("/etc/passwd")
    (source / "up").symlink_to("../../etc/passwd")
    (source / "hop").symlink_to("step/passwd")
    (source / "step").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    taken = copy_submission(str(source), place, DEFAULT_LIMITS)
    assert taken.text("inside") == "content"
    assert {remark.where for remark in taken.remarks} >= {"outside", "up", "step", "pipe"}
    assert not (taken.root / "outside").is_symlink()


def test_a_path_through_a_link_never_leaves_the_copy(tmp_path, place):
    taken = copy_submission(str(folder(tmp_path / "one")), place, DEFAULT_LIMITS)
    (taken.root / "sneaky").symlink_to("/etc")
    for name in ("../x", "sneaky/passwd", "/etc/passwd"):
        with pytest.raises(ValueError, match="outside the submission"):
            taken.path(name)


def test_a_folder_that_is_not_a_submission_is_refused(tmp_path, place):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "photo.jpg").write_bytes(b"")
    message = refused(tmp_path / "other", place)
    assert "no submission was found in" in message
    assert "it has photo.jpg" in message
    with pytest.raises(InputMissing, match="no such folder or file") as error:
        copy_submission(str(tmp_path / "nowhere"), tmp_path / "b", DEFAULT_LIMITS)
    assert error.value.status == 66


def test_a_nested_submission_is_found(tmp_path, place):
    folder(tmp_path / "zip" / "Task06-Docker-Compose")
    taken = copy_submission(str(tmp_path / "zip"), place, DEFAULT_LIMITS)
    assert taken.root.name == "Task06-Docker-Compose"
    assert [remark.what for remark in taken.remarks] == ["nested"]


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ({"files": 3}, "more than 3 files and folders"),
        ({"file_size": 1000}, "big is larger than 0 MB"),
        ({"total_size": 1000}, "larger than 0 MB together"),
        ({"depth": 2}, "more than 2 levels deep"),
    ],
)
def test_a_submission_beyond_the_limits_is_refused(tmp_path, place, limit, text):
    source = folder(tmp_path / "one", **{"big": b"x" * 2000, "a/b/c/d": "deep"})
    assert text in refused(source, place, replace(DEFAULT_LIMITS, **limit))


def test_results_of_an_earlier_run_are_removed_and_reported(tmp_path, place):
    source = folder(tmp_path / "one", **{"shared_data/prediction.csv": "1", "shared_data/.gitkeep": ""})
    taken = copy_submission(str(source), place, DEFAULT_LIMITS)
    assert taken.has_folder("shared_data")
    assert taken.files == ("docker-compose.yml", "shared_data/.gitkeep")
    assert [remark.what for remark in taken.remarks] == ["leftover"]


def test_a_zip_is_unpacked_with_the_separators_of_any_system(tmp_path, place):
    path = archive(tmp_path / "Task06.zip", {"docker-compose.yml": b"services: {}", "a\\b.txt": b"text"})
    taken = copy_submission(str(path), place, DEFAULT_LIMITS)
    assert (taken.kind, taken.name, taken.text("a/b.txt")) == ("zip", "Task06", "text")


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "C:\\evil", "..\\evil"])
def test_a_zip_with_a_path_outside_its_folder_is_refused(tmp_path, place, name):
    path = archive(tmp_path / "bad.zip", {"docker-compose.yml": b"", name: b"x"})
    assert "leads out" in (message := refused(path, place)) or "absolute paths are not allowed" in message
    assert not (tmp_path / "evil").exists()


def test_a_link_in_a_zip_that_leads_outside_is_omitted(tmp_path, place):
    path = archive(tmp_path / "bad.zip", {"link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
        packed.writestr("link/x", "behind it")
    taken = copy_submission(str(path), place, DEFAULT_LIMITS)
    assert [remark.what for remark in taken.remarks] == ["link"]
    assert taken.text("link/x") == "behind it"  # in a folder of the copy
    assert not Path("/etc/passwd/x").exists()


@pytest.mark.slow
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, place):
    path = archive(tmp_path / "bomb.zip", {"docker-compose.yml": b"", "zeros": bytes(40 * 1024 * 1024)})
    assert path.stat().st_size < 100_000
    assert "a zip bomb" in refused(path, place)
    written = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    assert written <= 17 * 1024 * 1024


@pytest.mark.slow
def test_a_zip_with_too_many_entries_is_refused_from_its_end_record(tmp_path, place):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(21_000):
            packed.writestr(zipfile.ZipInfo(f"f{number}"), b"")
    assert "has 21,000 entries; 20,000 are allowed" in refused(path, place)
    path.write_bytes(b"x" * 100 + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 9, 9, 0))
    assert "65,535 or more" in refused(path, tmp_path / "b")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty (0 bytes), as after a failed upload"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", "is a web page and not a zip file"),
        (b"Rar!" * 50, "is not a zip file"),
        (b"PK\x05\x06" + bytes(18), "it is empty"),
        (
            b"PK\x03\x04" + bytes(50) + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 46, 4, 0),
            "damaged",
        ),
    ],
)
def test_a_file_that_is_not_a_zip_is_refused_without_a_traceback(tmp_path, place, content, text):
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    assert text in refused(path, place)


def test_an_encrypted_zip_is_refused(tmp_path, place):
    path = archive(tmp_path / "secret.zip", {"docker-compose.yml": b"services"})
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag in the entry and in the central directory
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    assert "secret.zip cannot be unpacked: it is encrypted" in refused(path, place)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository with a hook and a submodule without .gitmodules."""
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "tests@example.invalid")
    path = folder(tmp_path / "repository", **{"README.md": "text"})

    def git(*words, cwd=path):
        subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    inner = folder(path / "container3_codebase" / "pybrain")
    git("init", "-q", cwd=inner)
    git("add", ".", cwd=inner)
    git("commit", "-qm", "inner", cwd=inner)
    git("add", ".")
    git("commit", "-qm", "outer")
    git("tag", "task06-submission")
    return path


def test_a_repository_is_cloned_and_a_submodule_without_gitmodules_is_reported(repository, place):
    taken = copy_submission(f"file://{repository}#task06-submission", place, DEFAULT_LIMITS)
    assert (taken.kind, taken.name) == ("git", "repository")
    assert taken.text("README.md") == "text"
    assert [(remark.what, remark.where) for remark in taken.remarks] == [
        ("submodule", "container3_codebase/pybrain")
    ]


@pytest.mark.slow
def test_a_url_names_the_folder_of_the_submission(repository, place, tmp_path):
    folder(repository / "Task05")
    folder(repository / "Task06", note="text")
    for words in (["add", "Task05", "Task06"], ["commit", "-qm", "tasks"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    taken = copy_submission(f"file://{repository}#main:Task06", place, DEFAULT_LIMITS)
    assert (taken.root.name, taken.text("note")) == ("Task06", "text")
    (tmp_path / "again").mkdir()
    taken = copy_submission(f"file://{repository}#:Task06/", tmp_path / "again", DEFAULT_LIMITS)
    assert taken.text("note") == "text"
    (tmp_path / "missing").mkdir()
    assert "there is no folder Task07 in repository" in refused(
        f"file://{repository}#:Task07", tmp_path / "missing"
    )


def test_an_unreachable_server_is_not_the_fault_of_the_submission(place):
    place.mkdir()
    with pytest.raises(CannotOpenHere, match="cannot be cloned") as error:
        copy_submission("http://127.0.0.1:1/task06.git", place, DEFAULT_LIMITS)
    assert error.value.status == 75


def test_a_refusing_proxy_is_not_the_fault_of_the_submission(place, monkeypatch):
    place.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as proxy:  # no CONNECT support
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_port}")
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(CannotOpenHere, match=r"tunnel failed|from proxy"):
            copy_submission("https://git.example/task06.git", place, DEFAULT_LIMITS)
        proxy.shutdown()


def test_hooks_of_a_repository_and_of_the_users_templates_do_not_run(
    repository, place, tmp_path, monkeypatch
):
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    copy_submission(f"file://{repository}", place, DEFAULT_LIMITS)
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_bare_repository_is_cloned_by_its_folder_and_served_over_http(repository, place, tmp_path):
    bare = tmp_path / "served.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(repository), str(bare)], check=True)
    subprocess.run(["git", "update-server-info"], cwd=bare, check=True)
    taken = copy_submission(str(bare), place, DEFAULT_LIMITS)
    assert (taken.kind, taken.name, taken.text("README.md")) == ("git", "served", "text")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/served.git"
        (tmp_path / "other").mkdir()
        assert copy_submission(url, tmp_path / "other", DEFAULT_LIMITS).text("README.md") == "text"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("url", ["ext::sh -c 'touch /tmp/x'", "ftp://example.invalid/x.git"])
def test_url_schemes_that_git_does_not_use_are_refused(place, url):
    assert "is not an allowed scheme of a repository URL" in refused(url, place)


def test_a_missing_repository_is_reported_with_gits_message(place, tmp_path):
    assert "cannot be cloned" in refused(f"file://{tmp_path}/nowhere", place)
    assert "is not a valid branch or tag name" in refused(
        f"file://{tmp_path}/x#--upload-pack=touch", tmp_path / "b"
    )


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"x" * 300: b""}, "a file name must not be longer than 255 bytes"),
        ({"a": b"", "a/b": b""}, "a/b: a part of this path is both a file and a folder"),
        ({"a/b": b"", "a": b""}, "a exists twice"),
    ],
)
def test_invalid_file_names_are_refused(tmp_path, place, entries, text):
    path = archive(tmp_path / "odd.zip", {"docker-compose.yml": b""} | entries)
    assert text in refused(path, place)


def test_a_name_in_a_wrong_encoding_is_reported_as_damaged(tmp_path, place):
    path = archive(tmp_path / "odd.zip", {"docker-compose.yml": b"", "über.txt": b""})
    path.write_bytes(path.read_bytes().replace("über".encode(), b"\xff\xfeber"))
    assert "odd.zip is damaged or not a zip file" in refused(path, place)


@pytest.mark.parametrize("packer", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_content_is_reported_for_every_compression(tmp_path, place, packer):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w", packer) as packed:
        packed.writestr("docker-compose.yml", "services: {}\n" * 100)
    content = bytearray(path.read_bytes())
    content[48:60] = b"\xff" * 12
    path.write_bytes(bytes(content))
    assert "odd.zip is damaged or not a zip file" in refused(path, place)


def test_circular_links_and_invalid_targets_are_omitted(tmp_path, place):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
        for name, target in (("loop", "loop"), ("a", "b"), ("b", "a"), ("far", "x" * 300), ("nul", "a\0b")):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(entry, target)
    taken = copy_submission(str(path), place, DEFAULT_LIMITS)
    assert [(remark.where, remark.text.split(";")[0]) for remark in taken.remarks] == [
        ("loop", "is a link that refers to itself"),
        ("b", "is a link that refers to itself"),
        ("far", "is a link with an invalid target"),
        ("nul", "is a link with an invalid target"),
    ]


def test_links_that_lead_outside_in_combination_are_omitted(tmp_path, place):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
        for name, target in (("c/a", "b/../../x"), ("c/b", ".."), ("c/d", "../b")):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(entry, target)
    taken = copy_submission(str(path), place, DEFAULT_LIMITS)
    assert [remark.where for remark in taken.remarks] == ["c/a"]
    assert sorted(path.name for path in (taken.root / "c").iterdir()) == ["b", "d"]


def test_nothing_is_unpacked_through_a_link(tmp_path, place):
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
        entry = zipfile.ZipInfo("d")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(entry, "e")
        packed.writestr("e/x", "")
        packed.writestr("d/y", "")
    assert "d/y: a part of this path is both a file and a folder, or a link" in refused(path, place)


@pytest.mark.slow
def test_git_inherits_no_variables_and_no_filters_of_the_user(repository, place, tmp_path, monkeypatch):
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[filter "evil"]\n\tsmudge = touch {tmp_path}/ran && cat\n')
    (repository / ".gitattributes").write_text("* filter=evil\n")
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    subprocess.run(["git", "commit", "-qm", "filter"], cwd=repository, check=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    settings.rename(tmp_path / ".gitconfig")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {tmp_path}/ran")
    assert copy_submission(f"file://{repository}", place, DEFAULT_LIMITS).text("README.md") == "text"
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc", "is not allowed"),
        ("/etc", "is not allowed"),
        ("ext::sh -c true", "is not allowed"),
        ("http://example.org/x", "is not allowed"),
        ("ssh://git@localhost/x", "is not allowed"),
        ("../../../../etc", "is not allowed"),
        ("https://127.0.0.1:PORT/x", "resolves to a private network address"),
        ("https://user@localhost:PORT/x", "resolves to a private network address"),
        ("https://[::ffff:127.0.0.1]:PORT/x", "resolves to a private network address"),
    ],
)
def test_a_submodule_cannot_access_the_host(repository, place, url, why):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = str(server.getsockname()[1])
        name = "container3_codebase/pybrain"
        text = f'[submodule "x"]\n\tpath = {name}\n\turl = "{url.replace("PORT", port)}"\n'
        (repository / ".gitmodules").write_text(text)
        subprocess.run(["git", "add", ".gitmodules"], cwd=repository, check=True)
        subprocess.run(["git", "commit", "-qm", "where"], cwd=repository, check=True)
        taken = copy_submission(f"file://{repository}", place, DEFAULT_LIMITS)
        assert [remark.where for remark in taken.remarks] == [name]
        assert why in taken.remarks[0].text
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    ("url", "outer", "fetched"),
    [
        ("../b.git", "https://example.org/me/a.git", "https://example.org/me/b.git"),
        ("https://example.org/b", "https://example.org/me/a.git", "https://example.org/b"),
        ("git@example.org:me/b.git", "git@example.org:me/a.git", "git@example.org:me/b.git"),
        ("../b.git", "git@example.org:me/a.git", "git@example.org:me/b.git"),
    ],
)
def test_a_submodule_on_the_same_host_is_fetched(url, outer, fetched):
    assert SubmoduleSource.of(url, outer) == SubmoduleSource(fetched)


def test_a_volume_at_a_broken_link_is_refused(tmp_path, place):
    source = folder(tmp_path / "one")
    (source / "link").symlink_to("nowhere")
    taken = copy_submission(str(source), place, DEFAULT_LIMITS)
    with pytest.raises(MountRefused, match="no folder can be created"):
        read_mount("./link:/x", taken, anonymous="a")


def table(entries, *, extra=b"", stated=None, zip64=None):
    """Return a zip file that consists only of a central directory."""
    one = (
        b"PK\x01\x02"
        + bytes(24)
        + len(b"x").to_bytes(2, "little")
        + len(extra).to_bytes(2, "little")
        + bytes(14)
    )
    contents = (one + b"x" + extra) * entries
    count, length = (stated or (entries, len(contents))) if zip64 is None else (0xFFFF, 0xFFFFFFFF)
    end = b"PK\x05\x06" + bytes(4) + count.to_bytes(2, "little") * 2 + length.to_bytes(4, "little") + bytes(6)
    if zip64 is None:
        return contents + end
    record = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(12)
    record += zip64[0].to_bytes(8, "little") * 2 + zip64[1].to_bytes(8, "little") + bytes(8)
    return contents + record + b"PK\x06\x07" + bytes(16) + end


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (table(30_000, stated=(5, 47 * 30_000)), "entries; 20,000 are allowed"),
        (table(150, extra=bytes(60_000)), "has a central directory of more than 8 MB"),
        (table(10, zip64=(2**40, 470)), "has 1,099,511,627,776 entries; 20,000 are allowed"),
        (table(10, zip64=(10, 2**40)), "its central directory would begin before the file"),
        (table(30_000, zip64=(10, 47 * 30_000)), "entries; 20,000 are allowed"),
        (table(10, stated=(10, 0xFFFFFFFF)), "its central directory would begin before the file"),
        (table(10, stated=(10, 5_000)), "its central directory would begin before the file"),
        (table(10, stated=(9, 470)), "expected 9 entries, got 10"),
        (table(10)[:-22] + b"PK\x06\x07" + bytes(16) + table(10)[-22:], "zip64 end record was not found"),
    ],
)  # fmt: skip
def test_a_central_directory_is_counted_before_it_is_read(tmp_path, place, content, text):
    path = tmp_path / "odd.zip"
    path.write_bytes(content)
    assert text in refused(path, place)


@pytest.mark.slow
@pytest.mark.parametrize("packer", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression_is_unpacked(tmp_path, place, packer):
    path = tmp_path / "plain.zip"
    with zipfile.ZipFile(path, "w", packer) as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
        packed.writestr("large.txt", "0123456789" * 200_000)
        packed.writestr("empty.txt", "")
    taken = copy_submission(str(path), place, DEFAULT_LIMITS)
    assert taken.bytes("docker-compose.yml") == COMPOSE.encode()
    assert taken.bytes("large.txt") == b"0123456789" * 200_000
    assert taken.bytes("empty.txt") == b""


@pytest.mark.slow
@pytest.mark.parametrize("packer", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_highly_compressed_content_is_unpacked_in_chunks(tmp_path, place, packer):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", packer) as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
        with packed.open("zeros", "w") as file:
            for _ in range(40):
                file.write(bytes(MIB))
    tracemalloc.start()
    try:
        assert "a zip bomb" in refused(path, place)
        assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    finally:
        tracemalloc.stop()


def test_a_zip64_archive_is_unpacked(tmp_path, place):
    path = tmp_path / "large-form.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("docker-compose.yml", COMPOSE)
    content = path.read_bytes()
    begin = content.index(b"PK\x01\x02")
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 1, 1, len(content) - 22 - begin, begin)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, len(content) - 22, 1)
    end = content[-22:-14] + b"\xff" * 12 + b"\0\0"
    path.write_bytes(content[:-22] + record + locator + end)
    assert copy_submission(str(path), place, DEFAULT_LIMITS).bytes("docker-compose.yml") == COMPOSE.encode()
