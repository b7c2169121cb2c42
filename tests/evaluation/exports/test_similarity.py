"""Similarity in a class: which similarities are reported, and which are not."""

from __future__ import annotations

import pytest

from evaluation.evidence.fingerprints import discussion_of, fingerprints_of
from evaluation.layout.expected_layout import TASK06
from evaluation.layout.places import find_places
from evaluation.similarity.groups import Compared, Group, find_groups, hints_of
from evaluation.submission.submission import Submission

PROGRAM = '''
"""Predict."""
import csv
import pickle

def read_rows(path):
    """Return the rows."""
    rows = []
    with open(path) as file:
        for line in csv.reader(file):
            rows.append([float(value) for value in line])
    return rows

network = pickle.load(open("/shared_data/currentSolution.pkl", "rb"))
for row in read_rows("/shared_data/activation_data.csv"):
    inputs = row[: network.indim]
    print("prediction:", network.activate(inputs))
'''
RENAMED = (
    PROGRAM.replace('"""Return the rows."""', "# liest die Zeilen")
    .replace("read_rows", "lies").replace("network", "netz").replace("row", "zeile").replace("inputs", "x")
    .replace("    ", "  ")
)  # fmt: skip
OTHER = """
import numpy, sys
from pybrain.tools.customxml import NetworkReader

def main(argv):
    table = numpy.loadtxt(argv[1], delimiter=",", skiprows=1)
    brain = NetworkReader.readFrom(argv[2])
    answers = {}
    for number, values in enumerate(table):
        answers[number] = brain.activate(values[:-1])[0]
        if answers[number] > 0.5:
            sys.stdout.write("row %d is positive: %f\\n" % (number, answers[number]))
    numpy.savetxt(argv[3], numpy.array(list(answers.values())))

if __name__ == "__main__":
    main(sys.argv)
"""
DISCUSSION = " ".join(f"The {word} container keeps its {word} apart, so it can be exchanged." for word in (
    "activation", "knowledge", "code", "learning", "shared", "first", "second", "third",
))  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Return a function that creates a submission with the given files and returns its fingerprints."""

    def compared(name, files, student=""):
        for file, content in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        submission = Submission(name, name, "folder", tmp_path / name)
        found = fingerprints_of(submission, find_places(TASK06, submission.files))
        return Compared(name, student, submission.sha256, (*found, *discussion_of(submission)))

    return compared


def files(program=PROGRAM, discussion=DISCUSSION, model=b"a model", more=""):
    return {
        "container2_knowledgebase/currentSolution.pkl": model,
        "container3_codebase/UE_07_App5.py": program,
        "discussion.txt": discussion,
        "README.md": more,
    }


def test_a_program_is_recognised_after_renaming(make):
    one = make("ann", files())
    other = make("ben", files(RENAMED, "short", b"another", "x"))
    (group,) = find_groups([one, other])
    assert (group.kind, group.names, group.share) == ("program", ("ann", "ben"), 1)
    (hint,) = hints_of([group])["ann"]
    assert hint.text == "the same program after renaming (ben)"
    assert hint.short == "the same program after renaming: 1 other"


def test_a_program_with_small_changes_is_similar_and_another_one_is_not(make):
    changed = RENAMED.replace("prediction:", "answer").replace("x = ", "y = 3\n  x = ")
    one, other, third = (
        make(name, files(program, name * 20, name.encode(), name))
        for name, program in (("ann", PROGRAM), ("ben", changed), ("cem", OTHER))
    )
    (group,) = find_groups([one, other, third])
    assert group.names == ("ann", "ben")
    assert 0.75 <= group.share < 1
    assert group.text.startswith("program at least ") and group.text.endswith("% alike")


def test_the_same_model_and_a_discussion_with_different_case_and_layout_are_found(make):
    one = make("ann", files())
    other = make("ben", files(OTHER, DISCUSSION.upper().replace(" ", "\n"), more="x"))
    assert {group.kind for group in find_groups([one, other])} == {"model", "discussion"}


@pytest.mark.slow
def test_identical_submissions_are_one_group_and_everything_is_reported_once(make):
    copies = [make(f"s{number:02}", files()) for number in range(27)]
    groups = find_groups([*copies, make("own", files(OTHER, "own " * 50, b"own", "own"))])
    assert [(group.kind, len(group.names)) for group in groups] == [("submission", 27)]
    assert [hint.text for hint in hints_of(groups)["s00"]] == [
        "the same submission (s01, s02, s03 and 23 more)"
    ]
    assert "own" not in hints_of(groups)


def test_what_most_submissions_share_is_not_a_hint_for_each_of_them():
    same = [Group("model", tuple("abcdefghijk"), 1.0), Group("program", tuple("abc"), 0.8)]
    assert [hint.what for hint in hints_of(same, 20)["a"]] == ["program at least 80% alike"]
    assert [hint.what for hint in hints_of(same, 30)["a"]] == ["the same model", "program at least 80% alike"]
    assert len(hints_of([Group("submission", tuple("abcdefghijk"), 1.0)], 12)) == 11


def test_attempts_of_one_student_are_not_compared(make):
    attempts = [make("ann", files(), "id 1"), make("ann-2", files(more="x"), "id 1")]
    assert find_groups(attempts) == ()


@pytest.mark.parametrize("program", ["print(1)", "def broken(:\n" * 40, "\x00" * 500, "x = '''" + "a " * 500])
def test_a_file_that_is_not_a_program_is_not_compared(make, program):
    one, other = make("ann", files(program, "a", b"a")), make("ben", files(program, "b", b"b"))
    assert find_groups([one, other]) == ()
