"""Archives of every kind are unpacked within limits; hostile and damaged ones are refused with a reason."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.errors import CannotOpenHere, NoSubmission
from evaluation.layout.expected_layout import TASK06
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.submission.archives.tools import NO_TOOLS, Tools
from evaluation.submission.choose_root import Expected
from evaluation.submission.intake import copy_source
from evaluation.submission.locate import LooseFile, SubmissionSource
from tests.evaluation.submissions import copy_submission

COMPOSE = b"services: {a: {image: busybox}}\n"
EXPECTED = Expected(TASK06, ("README.md", "discussion.txt"))


def member(name: str, content: bytes = b"", **values: object) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in values.items():
        setattr(entry, key, value)
    return entry, content


def tar(
    path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:", form: int = tarfile.PAX_FORMAT
) -> Path:
    with tarfile.open(path, mode, format=form) as packed:  # type: ignore[call-overload]
        for entry, content in (member("docker-compose.yml", COMPOSE), *members):
            packed.addfile(entry, io.BytesIO(content))
    return path


def zipped(path: Path, **files: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def whole(folder: str = "") -> dict[str, bytes]:
    names = ("container1_activationbase", "container2_knowledgebase", "container3_codebase")
    return {f"{folder}docker-compose.yml": COMPOSE} | {
        f"{folder}{name}/Dockerfile": b"FROM busybox\n" for name in names
    }


def opened(source: Path, place: Path, **limits: int):
    return copy_submission(str(source), place, replace(DEFAULT_LIMITS, **limits), EXPECTED)


def refused(source: Path, place: Path, **limits: int) -> str:
    with pytest.raises(NoSubmission) as error:
        opened(source, place, **limits)
    assert error.value.status == 65
    return error.value.message


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
def test_every_kind_of_tar_archive_is_unpacked(tmp_path, suffix, form):
    long = "a" * 90 + "/" + "b" * 60
    mode = {"tar": "w:", "tar.gz": "w:gz", "tgz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[suffix]
    members = [
        member("Task06/über.txt", b"text"),
        member(long, b"x" * 1000),
        member("run.sh", b"#!", mode=0o755),
    ]
    submission = opened(tar(tmp_path / f"Anna.{suffix}", *members, mode=mode, form=form), tmp_path / "in")
    assert (submission.name, submission.kind) == ("Anna", suffix)
    assert submission.files == ("Task06/über.txt", long, "docker-compose.yml", "run.sh")
    assert submission.bytes(long) == b"x" * 1000
    assert submission.path("run.sh").stat().st_mode & 0o111


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "C:\\evil", "..\\evil"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_archive_with_a_path_outside_its_folder_is_refused(tmp_path, name, form):
    message = refused(tar(tmp_path / "bad.tar", member(name, b"x"), form=form), tmp_path / "in")
    assert "leads out" in message or "absolute paths are not allowed" in message
    assert not list(tmp_path.rglob("evil"))


def test_devices_and_links_that_lead_outside_are_omitted_and_hard_links_become_files(tmp_path):
    path = tar(
        tmp_path / "odd.tar",
        member("real", b"content"),
        member("hard", type=tarfile.LNKTYPE, linkname="real"),
        member("inside", type=tarfile.SYMTYPE, linkname="real"),
        member("outside", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("stolen", type=tarfile.LNKTYPE, linkname="outside"),
        member("later", type=tarfile.LNKTYPE, linkname="nowhere"),
        member("device", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
        member("pipe", type=tarfile.FIFOTYPE),
    )
    submission = opened(path, tmp_path / "in")
    assert submission.files == ("docker-compose.yml", "hard", "inside", "real")
    assert submission.bytes("hard") == submission.bytes("inside") == b"content"
    assert [remark.where for remark in submission.remarks] == ["outside", "stolen", "later", "device", "pipe"]


def test_a_hard_link_to_a_file_outside_is_refused(tmp_path):
    path = tar(tmp_path / "odd.tar", member("stolen", type=tarfile.LNKTYPE, linkname="../../etc/passwd"))
    assert "leads out" in refused(path, tmp_path / "in")


def test_sparse_files_are_omitted_whatever_size_they_claim(tmp_path):
    pax = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**40)}
    path = tar(tmp_path / "odd.tar", member("huge", b"x" * 512, pax_headers=pax), member("after", b"here"))
    submission = opened(path, tmp_path / "in")
    assert submission.files == ("after", "docker-compose.yml")
    assert submission.remarks[0].text == "is a sparse file; it was left out"


@pytest.mark.slow
def test_a_tar_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tar(tmp_path / "bomb.tar.gz", member("zeros", bytes(40 * MIB)), mode="w:gz")
    assert "a decompression bomb" in refused(path, tmp_path / "in")
    assert sum(file.stat().st_size for file in (tmp_path / "in").rglob("*") if file.is_file()) <= 17 * MIB


def test_a_tar_archive_beyond_the_limits_is_refused(tmp_path):
    path = tar(tmp_path / "many.tar", *(member(f".git/f{number}") for number in range(30)))
    assert "has more than 20 entries" in refused(path, tmp_path / "a", files=20)
    hard = [member(f"h{number}", type=tarfile.LNKTYPE, linkname="real") for number in range(20)]
    path = tar(tmp_path / "hard.tar", member("real", b"x" * 100_000), *hard)
    assert "MB together" in refused(path, tmp_path / "b", total_size=MIB)


def header_of(path: Path, offset: int, **fields: bytes) -> None:
    """Change fields of a header and update its checksum."""
    content = bytearray(path.read_bytes())
    places = {"size": 124, "flag": 156, "name": 0}
    for key, value in fields.items():
        content[offset + places[key] : offset + places[key] + len(value)] = value
    content[offset + 148 : offset + 156] = b" " * 8
    content[offset + 148 : offset + 156] = b"%06o\0 " % sum(content[offset : offset + 512])
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"size": b"77777777777\0"}, "unexpected end of file in docker-compose.yml"),
        ({"size": b"\x80" + b"\xff" * 11}, "a header contains an impossible file size"),
        ({"size": b"9z"}, "a header contains an invalid number"),
        ({"flag": b"x", "size": b"77777777777\0"}, "1,048,576 are allowed"),
        ({"flag": b"L", "size": b"77777777777\0"}, "16,384 are allowed"),
        ({"flag": b"x"}, "an extended header is damaged"),
    ],
)
def test_damaged_and_hostile_headers_are_refused(tmp_path, fields, text):
    path = tar(tmp_path / "odd.tar", form=tarfile.USTAR_FORMAT)
    header_of(path, 0, **fields)
    message = refused(path, tmp_path / "in")
    assert message.startswith("odd.tar is damaged") and text in message


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.bz2", "tar.xz", "tar"])
def test_a_tar_archive_that_ends_too_early_is_refused(tmp_path, suffix):
    mode = {"tar": "w:"}.get(suffix, f"w:{suffix[4:]}")
    path = tar(tmp_path / f"cut.{suffix}", member("noise", os.urandom(20_000)), mode=mode)
    path.write_bytes(path.read_bytes()[:9_000])
    assert f"cut.{suffix} is damaged" in refused(path, tmp_path / "in")


def test_a_header_that_does_not_match_its_checksum_is_damage_and_not_the_end(tmp_path):
    path = tar(tmp_path / "odd.tar", member("second", b"x"))
    content = bytearray(path.read_bytes())
    content[1024] ^= 1
    path.write_bytes(bytes(content))
    assert "a header does not match its checksum" in refused(path, tmp_path / "in")


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.tar.gz", b"\x1f\x8b\x08" + bytes(30), "a.tar.gz is damaged"),
        ("a.pdf", b"%PDF-1.7", "is not a supported archive (zip, tar, tar.gz"),
        ("a.7z", b"no archive", "is damaged or not the kind of archive that its extension"),
        ("a.tar", b"no archive" * 100, "a.tar is damaged or not a tar archive"),
    ],
)
def test_a_file_that_is_not_an_archive_is_refused_with_its_name(tmp_path, name, content, text):
    (tmp_path / name).write_bytes(content)
    assert text in refused(tmp_path / name, tmp_path / "in")


def test_an_archive_is_recognized_by_its_first_bytes_and_not_by_its_name(tmp_path):
    path = tar(tmp_path / "really-a-tar.zip", mode="w:gz")
    assert opened(path, tmp_path / "in").files == ("docker-compose.yml",)


# --- archives in archives


def test_an_archive_in_a_folder_and_one_in_an_archive_are_unpacked(tmp_path):
    inner = zipped(tmp_path / "inner.zip", **whole("Task06/")).read_bytes()
    zipped(tmp_path / "Anna" / "outer.zip", **{"Abgabe/inner.zip": inner})
    (tmp_path / "Anna" / "discussion.txt").write_text("answers")
    submission = opened(tmp_path / "Anna", tmp_path / "in")
    assert submission.root.name == "Task06"
    assert submission.text("container1_activationbase/Dockerfile") == "FROM busybox\n"
    assert [remark.what for remark in submission.remarks] == ["archive", "archive", "nested", "loose"]


def test_documents_beside_an_archive_belong_to_the_submission_in_it(tmp_path):
    zipped(tmp_path / "Anna" / "work.zip", **whole("Task06/"), **{"Task06/README.md": b"inner"})
    for name in ("discussion.txt", "README.md"):
        (tmp_path / "Anna" / name).write_text("outer")
    submission = opened(tmp_path / "Anna", tmp_path / "in")
    assert (submission.text("discussion.txt"), submission.text("README.md")) == ("outer", "inner")
    assert (
        "discussion.txt is outside work/Task06/; it was read as part of the submission"
        in submission.remarks[-1].text
    )


def test_containers_in_separate_archives_are_combined(tmp_path):
    names = ("container1_activationbase", "container2_knowledgebase", "container3_codebase")
    for name in names[:2]:
        zipped(tmp_path / "Anna" / f"{name}.zip", **{f"{name}/Dockerfile": b"FROM busybox\n"})
    zipped(tmp_path / "Anna" / f"{names[2]}.zip", Dockerfile=b"FROM busybox\n")
    (tmp_path / "Anna" / "docker-compose.yml").write_bytes(COMPOSE)
    submission = opened(tmp_path / "Anna", tmp_path / "in")
    assert submission.files == (*(f"{name}/Dockerfile" for name in names), "docker-compose.yml")


def test_archives_in_a_complete_submission_and_in_its_containers_are_not_unpacked(tmp_path):
    files = whole() | {"backup.zip": zipped(tmp_path / "b.zip", x=b"").read_bytes()}
    files["container3_codebase/library.zip"] = files["backup.zip"]
    submission = opened(zipped(tmp_path / "Anna.zip", **files), tmp_path / "in")
    assert {"backup.zip", "container3_codebase/library.zip"} < set(submission.files)
    del files["container1_activationbase/Dockerfile"]
    submission = opened(zipped(tmp_path / "Bob.zip", **files), tmp_path / "again")
    assert "container3_codebase/library.zip" in submission.files


def test_archives_are_unpacked_to_a_bounded_depth_and_a_bounded_size(tmp_path):
    path = zipped(tmp_path / "0.zip", **whole())
    for number in range(1, 7):
        path = zipped(tmp_path / f"{number}.zip", **{f"{number - 1}.zip": path.read_bytes()})
    assert "no submission was found" in refused(path, tmp_path / "in")
    (tmp_path / "bombs").mkdir()
    for number in range(5):
        tar(tmp_path / "bombs" / f"{number}.tar", member("noise", os.urandom(400_000)))
    submission = opened(tmp_path / "bombs", tmp_path / "bounded", total_size=3 * MIB)
    assert sum("was not unpacked" in remark.text for remark in submission.remarks) > 0
    assert sum(file.stat().st_size for file in (tmp_path / "bounded").rglob("*") if file.is_file()) <= 3 * MIB


def test_a_damaged_archive_in_a_folder_is_reported_as_the_reason(tmp_path):
    (tmp_path / "Anna").mkdir()
    (tmp_path / "Anna" / "task06.zip").write_bytes(b"PK\x03\x04" + b"damaged" * 20)
    assert refused(tmp_path / "Anna", tmp_path / "in") == (
        "task06.zip is damaged: its end is missing, as after an interrupted upload"
    )


def test_several_files_without_a_folder_are_one_submission(tmp_path):
    path = zipped(tmp_path / "x_1_2_work.zip", **whole())
    (tmp_path / "x_1_2_discussion.txt").write_text("answers")
    (tmp_path / "x_1_2_link").symlink_to("/etc/passwd")
    files = (
        LooseFile(path, "work.zip"),
        LooseFile(tmp_path / "x_1_2_discussion.txt", "discussion.txt"),
        LooseFile(tmp_path / "x_1_2_link", "link"),
    )
    source = SubmissionSource("class", "files", "x", tmp_path, files=files)
    (tmp_path / "in").mkdir()
    submission = copy_source(source, tmp_path / "in", DEFAULT_LIMITS, EXPECTED)
    assert submission.text("discussion.txt") == "answers"
    assert [remark.what for remark in submission.remarks] == ["unreadable", "archive", "nested", "loose"]


# --- 7z and rar


def opened_with(path: Path, place: Path, tools: Tools, **limits: int):
    place.mkdir()
    source = SubmissionSource(str(path), path.suffix[1:], path.stem, path, tools=tools)
    return copy_source(source, place, replace(DEFAULT_LIMITS, **limits), EXPECTED)


@pytest.mark.parametrize("kind", ["7z", "rar"])
def test_the_report_names_the_package_of_a_missing_unpacking_program(tmp_path, kind):
    path = tmp_path / f"Anna.{kind}"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" if kind == "7z" else b"Rar!\x1a\x07\x00")
    with pytest.raises(
        CannotOpenHere, match=f"Anna.{kind} is a {kind} archive, and this machine has no program"
    ) as error:
        opened_with(path, tmp_path / "in", NO_TOOLS)
    assert "libarchive-tools" in error.value.hint


@pytest.fixture
def program(tmp_path):
    """Return a function that writes a program that replaces bsdtar or 7z."""

    def write(name: str, script: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


def test_files_that_a_program_unpacks_are_untrusted(tmp_path, program):
    archive = tmp_path / "Anna.7z"
    archive.write_bytes(b"7z\xbc\xaf\x27\x1c")
    good, bad = tar(tmp_path / "good.tar"), tar(tmp_path / "bad.tar", member("../evil", b"x"))
    submission = opened_with(archive, tmp_path / "a", Tools(program("bsdtar", f"cat {good}")))
    assert submission.files == ("docker-compose.yml",)
    assert list((tmp_path / "a").iterdir()) == [tmp_path / "a" / "files"]
    with pytest.raises(NoSubmission, match="leads out"):
        opened_with(archive, tmp_path / "b", Tools(program("bsdtar", f"cat {bad}")))
    with pytest.raises(
        NoSubmission, match="damaged, encrypted or has an unsupported version: the header is encrypted"
    ):
        opened_with(
            archive, tmp_path / "c", Tools(program("bsdtar", "echo the header is encrypted >&2; exit 1"))
        )
    with pytest.raises(NoSubmission, match="unpacks to more than 4 MB"):
        opened_with(
            archive, tmp_path / "d", Tools(program("bsdtar", "exec cat /dev/zero")), total_size=4 * MIB
        )
    with pytest.raises(NoSubmission, match="cannot be unpacked"):
        opened_with(archive, tmp_path / "e", Tools(program("bsdtar", f"echo x > {tmp_path}/written")))
    assert not (tmp_path / "written").exists() or (tmp_path / "written").stat().st_size == 0


LIST = """Path = a
Size = 0
Attributes = D drwxr-xr-x

Path = docker-compose.yml
Size = 5
Attributes = A -rw-r--r--

Path = a/link
Size = 10
Attributes = A lrwxrwxrwx

Path = a/last.txt
Size = 2
Attributes = A
"""


@pytest.mark.parametrize(
    ("contents", "text"),
    [("12345../../../x67", ""), ("12345../../../x", "expected 17 bytes, got 15")],
)
def test_the_output_of_7z_is_split_into_files_by_its_list(tmp_path, program, contents, text):
    archive = tmp_path / "Anna.7z"
    archive.write_bytes(b"7z\xbc\xaf\x27\x1c")
    (tmp_path / "list").write_text(LIST)
    seven_zip = program("7z", f'case "$1" in l) cat {tmp_path}/list;; x) printf %s "{contents}";; esac')
    if text:
        with pytest.raises(NoSubmission, match=text):
            opened_with(archive, tmp_path / "in", Tools("", seven_zip))
        return
    submission = opened_with(archive, tmp_path / "in", Tools("", seven_zip))
    assert (submission.text("docker-compose.yml"), submission.text("a/last.txt")) == ("12345", "67")
    assert "a/link" in [remark.where for remark in submission.remarks]
