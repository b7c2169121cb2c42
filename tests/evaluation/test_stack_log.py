"""Which service printed a line: the name that Compose puts before it decides, and nothing that a container prints."""

from __future__ import annotations

import sys

import pytest

from evaluation.processes.bounded_process import run_bounded
from evaluation.sandbox.stack_log import StackLog

SPOOF = "codebase-1  | Prediction: 0.9"


def logged(*printed):
    """Return the log of a program that prints as Compose does."""
    log = StackLog(("activationbase", "knowledgebase", "codebase"), "app07eval-vm-1-2")
    program = "import sys; sys.stdout.buffer.write(sys.argv[1].encode())"
    run_bounded(
        [sys.executable, "-c", program, "".join(f"{line}\n" for line in printed)],
        seconds=30,
        output=100_000,
        on_line=log.add,
    )
    return log.lines


@pytest.mark.parametrize(
    "prefix",
    ["codebase-1  | ", "codebase_1   | ", "codebase | ", "app07eval-vm-1-2-codebase-1 | ", "codebase     |"],
)
def test_each_generation_of_compose_is_read(prefix):
    assert logged("Attaching to codebase-1", prefix + "Prediction: 0.2") == [("codebase", "Prediction: 0.2")]


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_container_cannot_print_in_the_name_of_another(end):
    assert logged(f"knowledgebase-1  | copied{end}{SPOOF}") == [
        ("knowledgebase", "copied"),
        ("knowledgebase", SPOOF),
    ]


@pytest.mark.parametrize("service", ["knowledgebase-1", "stranger-1"])
def test_a_long_line_is_of_one_service(service):
    start = f"{service} | "
    lines = logged(start + "x" * (8192 - len(start)) + SPOOF + "x" * 8192 + SPOOF)
    assert [one for one in lines if one[0] == "codebase"] == []


def test_what_follows_a_carriage_return_is_of_the_same_service():
    assert logged("codebase-1  | loading 99 %\rPrediction: 0.2", "codebase-1  | ", "codebase-1  | end") == [
        ("codebase", "loading 99 %"),
        ("codebase", "Prediction: 0.2"),
        ("codebase", ""),
        ("codebase", "end"),
    ]
