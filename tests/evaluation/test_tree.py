"""A folder tree with untrusted names, and the unpacked size of archives in it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from evaluation.errors import CannotCheck
from evaluation.images.canonical import VOLUMES_LABEL
from evaluation.images.unpacked_size import UnpackedTooLarge, unpacked_size
from evaluation.sandbox.container_run import declared_volumes
from evaluation.submission.safe_tree import Tree, leads_inside


@pytest.mark.parametrize(
    ("depth", "target", "inside"),
    [
        (0, "a/b", True),
        (0, "./a//b/", True),
        (1, "../a", True),
        (2, "../../a", True),
        (0, "../a", False),
        (1, "../../a", False),
        (3, "a/../b", False),
        (3, "../a/../b", False),
        (0, "/etc", False),
        (0, "", False),
        (0, "a\0b", False),
    ],
)
def test_a_link_never_leaves_the_tree(depth, target, inside):
    assert leads_inside(depth, target) is inside


def test_nothing_is_written_read_or_changed_through_a_link(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "file").write_text("x")
    (root / "link").symlink_to("../outside")
    (root / "file").symlink_to("../outside/file")
    (root / "hanging").symlink_to("../outside/new")
    tree = Tree(root)
    for attempt in (
        lambda: tree.write(("link", "new"), [b"evil"]),
        lambda: tree.write(("file",), [b"evil"]),
        lambda: tree.write(("hanging",), [b"evil"]),
        lambda: tree.make_folder(("link", "folder")),
        lambda: tree.write(("..", "new"), [b"evil"]),
        lambda: tree.write(("a/../../b",), [b"evil"]),
        lambda: tree.unlink(("link", "file")),
    ):
        with pytest.raises(OSError):
            attempt()
    assert tree.read(("file",), 10) is None
    assert tree.read(("link", "file"), 10) is None
    tree.set_modes(lambda parts: 0o777)
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (outside / "file").read_text() == "x"
    assert (outside / "file").stat().st_mode & 0o111 == 0
    tree.unlink(("file",))
    assert (outside / "file").exists()


def test_special_permission_bits_are_removed(tmp_path):
    Tree(tmp_path).write(("a", "b"), [b"x"], 0o7777)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o7777 == 0o777


def archive(mode, size, form=tarfile.PAX_FORMAT):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=form) as made:
        for number in range(3):
            entry = tarfile.TarInfo("x" * 150 + str(number))
            entry.size = size
            made.addfile(entry, io.BytesIO(bytes(size)))
    return packed.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_the_unpacked_size_of_an_archive_is_counted(mode, form):
    content = archive(mode, 100_000, form)
    assert 300_000 <= unpacked_size(io.BytesIO(content), 1_000_000) < 310_000
    with pytest.raises(UnpackedTooLarge):
        unpacked_size(io.BytesIO(content), 200_000)


def test_false_sizes_and_sparse_files_are_too_large():
    plain = bytearray(archive("w", 10, tarfile.GNU_FORMAT))
    start = plain.rfind(b"x" * 100)
    plain[start + 124 : start + 136] = b"\x80" + bytes(3) + (1 << 50).to_bytes(8, "big")
    header = bytearray(plain[start : start + 512])
    header[148:156] = b" " * 8
    plain[start + 148 : start + 156] = f"{sum(header):06o}\0 ".encode()
    with pytest.raises(UnpackedTooLarge):
        unpacked_size(io.BytesIO(plain), 1 << 40)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        entry = tarfile.TarInfo("holes")
        entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": "999999999999"}
        made.addfile(entry)
    with pytest.raises(UnpackedTooLarge):
        unpacked_size(io.BytesIO(packed.getvalue()), 1 << 40)


@pytest.mark.parametrize(
    "content",
    [b"", b"text" * 1000, gzip.compress(b"text" * 1000), b"\x1f\x8b\x08damaged"],
    ids=[
        "empty",
        "text",
        "packed text",
        "damaged",
    ],  # compressed content contains the time and would differ in each process
)
def test_a_file_that_is_not_an_archive_has_no_unpacked_size(content):
    assert unpacked_size(io.BytesIO(content), 1_000_000) in range(5000)


@pytest.mark.parametrize("place", ["/a:/etc", "/a,source=/etc", "a", "/a\nb"])
def test_a_declared_volume_must_be_a_plain_path(place):
    with pytest.raises(CannotCheck, match="as VOLUME"):
        declared_volumes({"Config": {"Volumes": {place: {}}}})
    assert declared_volumes({"Config": {"Volumes": {"/data": {}}}}) == ("/data",)
    noted = {VOLUMES_LABEL: json.dumps(["/data", "/more"]).encode().hex()}
    both = {"Config": {"Volumes": {"/data": {}}, "Labels": noted}}
    assert declared_volumes(both) == ("/data", "/more")
    with pytest.raises(CannotCheck, match="sets the reserved label"):
        declared_volumes({"Config": {"Labels": {VOLUMES_LABEL: "no"}}})
