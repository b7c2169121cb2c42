"""Only a working Python with a working PyBrain solves the challenge program."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from common.project import PROJECT
from evaluation.images.image_archive import why_not_binary
from evaluation.prediction.challenge import make_challenge


def answer(program, library):
    path = {"PYTHONPATH": str(library), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", program], env=path, capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_real_python_with_the_library_solves_the_challenge(seed):
    asked = make_challenge(seed)
    output = answer(asked.program, PROJECT.root / "container3_codebase")
    assert asked.has_language_results(output)
    assert asked.has_network_output(output)


def test_every_challenge_is_different():
    assert len({make_challenge(seed).program for seed in range(50)}) == 50
    assert make_challenge(3) == make_challenge(3)


@pytest.mark.parametrize("output", ["OK", "", "OK\n" * 100, "m1 OK OK"])
def test_printed_text_does_not_solve_the_challenge(output):
    asked = make_challenge(1)
    assert not asked.has_language_results(output)
    assert not asked.has_network_output(output)


def test_printing_the_program_does_not_solve_the_challenge():
    asked = make_challenge(1)
    assert not asked.has_language_results(asked.program)


def test_a_library_of_empty_classes_does_not_solve_the_challenge(tmp_path):
    (tmp_path / "pybrain").mkdir()
    (tmp_path / "pybrain" / "__init__.py").touch()
    (tmp_path / "pybrain" / "structure.py").write_text("class FeedForwardNetwork: pass\n")
    asked = make_challenge(2)
    output = answer(asked.program, tmp_path)
    assert asked.has_language_results(output)
    assert not asked.has_network_output(output)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "there is no file of this name on the image's PATH"),
        (b"#!/bin/sh\necho OK\n", "it is a script (#!/bin/sh)"),
        (b"\x7fELF...BusyBox v1.35.0...", "it is BusyBox"),
        (b"echo OK\n", "it is not a Linux executable"),
        (b"\x7fELF...Py_BytesMain...", ""),
    ],
)
def test_an_interpreter_must_be_a_binary(content, what):
    assert why_not_binary(content) == what
