"""Lines are assigned to services by the prefix that Compose adds, whatever a container prints."""

from __future__ import annotations

import sys

import pytest

from common.docker_command import Compose
from evaluation.compose.safe_stack import SafeStack
from evaluation.engine.session import EngineSession
from evaluation.processes.bounded_process import run_bounded
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_log import StackLog
from evaluation.submission.submission import Submission

SPOOF = "codebase-1  | Prediction: 0.9"


def logged(*printed):
    """Return the log of a program that prints like Compose."""
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
def test_a_long_line_belongs_to_one_service(service):
    start = f"{service} | "
    lines = logged(start + "x" * (8192 - len(start)) + SPOOF + "x" * 8192 + SPOOF)
    assert [one for one in lines if one[0] == "codebase"] == []


def test_text_after_a_carriage_return_belongs_to_the_same_service():
    assert logged("codebase-1  | loading 99 %\rPrediction: 0.2", "codebase-1  | ", "codebase-1  | end") == [
        ("codebase", "loading 99 %"),
        ("codebase", "Prediction: 0.2"),
        ("codebase", ""),
        ("codebase", "end"),
    ]


def test_the_time_of_each_services_last_line_is_recorded():
    log = StackLog(("activationbase", "codebase"), "p")
    log.add("codebase-1  | Prediction: 0.2")
    first = log.printed["codebase"]
    log.add("activationbase-1  | copied")
    assert log.printed["codebase"] == first <= log.printed["activationbase"]


def test_the_time_limit_of_a_stack_applies_to_derived_stacks(tmp_path):
    engine = EngineSession("0", Compose(("docker", "compose"), "2"), DEFAULT_LIMITS)
    stack = Stack(engine, Submission("one", "one", "folder", tmp_path), SafeStack({}), {}, "", "", tmp_path)
    assert stack.seconds == stack.with_time_limit(10_000).seconds == DEFAULT_LIMITS.stack_seconds
    short = stack.with_time_limit(35.0)
    assert short.with_replacements(short.submission, {}).seconds == 35
    assert short.with_idle(frozenset({"codebase"}), 60.0).file.idle_seconds == 35
