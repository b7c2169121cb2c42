"""Class lists: the names and files of a submission cannot affect another submission."""

from __future__ import annotations

import csv
import json
import os
import socket
from dataclasses import replace

import pytest

from common.project import Layout
from evaluation.cohort.entry import Entry
from evaluation.cohort.members import members_in, safe_name
from evaluation.cohort.overview import to_csv
from evaluation.cohort.preparation import key_of
from evaluation.cohort.row import Row
from evaluation.evaluate import EvaluationOptions
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.rubric import load_rubric
from pipeline.cli import execute, parse

pytestmark = pytest.mark.slow

SMALL = replace(DEFAULT_LIMITS, total_size=MIB, intake_cpu=3, intake_seconds=20.0)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("overview.csv", "submission_overview.csv"),
        ("Overview.HTML", "submission_Overview.HTML"),
        ("overview", "submission_overview"),
        ("CON", "submission_CON"),
        ("nul.tar", "submission_nul.tar"),
        ("com1", "submission_com1"),
        ("..", "submission"),
        ("", "submission"),
        ("\x1b[2J\u202egpj.exe", "2J_gpj.exe"),
        ("\udcff\udcfe", "submission"),
        ("a/../b", "a_.._b"),
        ("-rf", "rf"),
        ("--output", "output"),
        ("overviews", "overviews"),
        ("contest", "contest"),
    ],
)
def test_every_submission_of_a_class_has_its_own_folder(name, safe):
    assert safe_name(name) == safe


def test_a_long_name_fits_every_file_system():
    for letter in ("x", "é", "漢", "\U00012000"):
        assert 100 < len(os.fsencode(safe_name(letter * 300))) <= 120


def test_names_that_a_file_system_may_not_distinguish_get_separate_folders(tmp_path):
    for name in ("anna", "Anna", "ANNA.zip", "e\u0301va", "éva", "overview.csv.zip", "overview.html"):
        (tmp_path / name).mkdir() if not name.endswith(".zip") else (tmp_path / name).write_bytes(b"")
    names = [member.name for member in members_in(tmp_path)]
    assert len({name.casefold() for name in names}) == len(names) == 7
    assert not any(name.lower().startswith("overview") for name in names)
    assert names == [member.name for member in members_in(tmp_path)]  # started again, the same


def test_links_pipes_and_sockets_are_reported_and_not_opened(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.zip").symlink_to("/etc/passwd")
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe.zip")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.zip"))
        found = {member.name: member.wrong for member in members_in(tmp_path)}
    link = "it is a link, which may lead anywhere; a class list accepts only folders and archives themselves"
    other = "it is neither a folder nor an archive"
    assert found == {"real": "", "link": link, "linked": link, "loop": link, "pipe": other, "s": other}


def test_a_submission_that_is_far_too_large_is_refused_quickly(tmp_path):
    with (tmp_path / "sparse.zip").open("wb") as file:
        file.truncate(2**40)
    (tmp_path / "pipes").mkdir()
    os.mkfifo(tmp_path / "pipes" / "pipe")
    (tmp_path / "pipes" / "link").symlink_to("/dev/zero")
    how = EvaluationOptions(SMALL, run=False)
    with WorkerPool(SMALL) as workers:
        sparse, pipes = (Entry(name, tmp_path / name, tmp_path) for name in ("sparse.zip", "pipes"))
        with pytest.raises(Exception, match="is larger than a submission may be: 20,000 files and 1 MB"):
            key_of(sparse, load_rubric(), how, workers)
        assert len(key_of(pipes, load_rubric(), how, workers)) == 64


def test_a_class_with_hostile_names_gets_an_overview(tmp_path, submit, samples, capsys):
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    names = ("=1+1", "overview.csv", "\x1b]0;owned\x07", os.fsdecode(b"\xff\xfe"), "right")
    for name in names:
        samples.write_sample(folder / name, {})
    (folder / "overview.html.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "link.zip").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.zip")
    with (folder / "sparse.zip").open("wb") as file:
        file.truncate(2**40)
    words = ["evaluate", "--no-run", "--class-list", str(folder), "--output", str(out), "--format", "json"]
    assert execute(parse(words), Layout(tmp_path)) == 0
    assert execute(parse(words), Layout(tmp_path)) == 0  # resumes where it stopped
    printed = capsys.readouterr().out
    assert printed.count("done before") == len(names) + 1  # including the report of the empty archive
    assert "\x1b" not in printed and "\x07" not in printed
    rows = {
        row["submission"]: row
        for row in csv.DictReader((out / "overview.csv").read_text("utf-8").splitlines())
    }
    assert len(rows) == 9
    assert sum(row["points"] not in ("", "0") for row in rows.values()) == len(names)
    assert rows["pipe"]["error"] == "it is neither a folder nor an archive"
    assert "is larger than a submission may be" in rows["sparse"]["error"]
    assert (out / "overview.html").is_file()
    report = json.loads((out / "submission_overview.csv" / "report.json").read_text("utf-8"))
    assert report["submission"] == "submission_overview.csv"


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "|x", "\u200b=1"]
)
def test_no_cell_of_the_overview_is_a_formula(name):
    text = to_csv([Row(name, None, name)], load_rubric())
    (row,) = csv.DictReader(text.splitlines())
    for column in ("submission", "error"):
        assert row[column][0] in "'\\"
