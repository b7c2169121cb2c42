"""Hostile submissions in real containers stay within their limits, and leave nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from common.docker_command import find_docker
from evaluation.engine.client_backend import ClientBackend
from evaluation.engine.session import EngineSession
from evaluation.quotas import DEFAULT_LIMITS, MIB
from evaluation.result import from_json

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"

ATTACK = r"""
import os, socket, sys, time

def say(text):
    print(text, flush=True)

children = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        children += 1
except OSError as error:
    say(f"forks {children} {error}")
for place in (("1.1.1.1", 443), ("172.17.0.1", 22)):
    try:
        socket.create_connection(place, 2)
        say(f"REACHED {place}")
    except OSError as error:
        say(f"network {error}")
try:
    written = 0
    with open("/shared_data/fill", "wb") as file:
        while True:
            written += file.write(b"x" * 1_000_000)
except OSError as error:
    say(f"disk {written // 1_000_000} {error}")
for place in ("/etc/shadow", "/dev/sda", "/proc/1/environ"):
    try:
        os.symlink(place, "/shared_data/" + place.replace("/", "_"))
    except OSError as error:
        say(f"link {error}")
try:
    os.mknod("/shared_data/device", 0o60666, os.makedev(8, 0))
    say("DEVICE MADE")
except OSError as error:
    say(f"device {error}")
for place in ("/all/README.md", "/all/container1_activationbase/Dockerfile"):
    try:
        open(place, "w").write("overwritten")
        say("overwrote what it was given")
    except OSError as error:
        say(f"all {error}")
say("done")
while True:
    time.sleep(1)
"""


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_attack_at_run_time_is_stopped_by_limits(submit, samples, evaluated):
    compose = samples.COMPOSE.replace("    environment:\n", "      - .:/all\n    environment:\n")
    source = submit({"docker-compose.yml": compose, f"{C3}/UE_07_App5.py": ATTACK})
    before = contents(source)
    report = evaluated(source, stack_seconds=12, volume=32 * MIB, processes=50)
    assert contents(source) == before
    results = {one.id: one for one in report.results}
    assert "it did not end within 12 s and was stopped" in results["compose.orchestration"].reason
    assert "over-the-limits" in {finding.id for finding in report.findings}
    log = next(seen.text for seen in results["activation.prediction"].evidence if seen.kind == "log")
    assert int(re.search(r"forks (\d+)", log).group(1)) < 50
    assert log.count("network [Errno 101]") == 2
    assert int(re.search(r"disk (\d+)", log).group(1)) <= 33
    assert "device [Errno 1]" in log
    assert log.count("overwrote what it was given") == 2  # in a volume of its own
    assert log.endswith("done")
    assert "fill" in str(results["copying.rows"].evidence)
    assert results["activation.prediction"].status == "failed"


def test_excessive_output_disk_use_or_memory_use_is_stopped(submit, samples, evaluated):
    """One container of each kind."""
    fills = "while true; do i=$((i + 1)); head -c 8000000 /dev/zero > /fill$i; done"
    hog = "import time\nprint('taking it', flush=True)\nkept = []\nwhile True:\n    kept.append(bytearray(b'x' * 1_000_000))\n"
    changes = {
        "docker-compose.yml": samples.WAITING_COMPOSE,
        f"{C1}/Dockerfile": samples.DATA_DOCKERFILE.replace(
            '["cat", "/activationBase/currentActivation.csv"]', '["yes"]'
        ),
        f"{C2}/Dockerfile": samples.MODEL_DOCKERFILE.replace('["ls", "-lh", "/knowledgeBase/"]', fills),
        f"{C3}/UE_07_App5.py": hog,
    }
    report = evaluated(submit(changes), disk=64 * MIB, memory=96 * MIB, output=MIB)
    reasons = {one.id: one.reason for one in report.results}
    assert "it printed more than 1 MB and was stopped" in reasons["container1.shows"]
    assert "it wrote more than 64 MB and was stopped" in reasons["container2.shows"]
    assert "codebase exited with status 137 (out of memory)" in reasons["compose.status"]
    told = [finding.text for finding in report.findings if finding.id == "over-the-limits"]
    assert len(told) == 3
    assert any("codebase exceeded its memory limit" in text for text in told)
    assert report.points == 100 - 3 - 3 - 3 - 15


def test_a_build_reaches_the_package_index_and_nothing_else(submit, samples, evaluated):
    reach = (
        "import socket, sys, urllib.request\n"
        "for place in (('1.1.1.1', 443), ('172.17.0.1', 22)):\n"
        "    try: print('REACHED', socket.create_connection(place, 2))\n"
        "    except OSError as error: print('closed', error)\n"
        "try: print('REACHED', urllib.request.urlopen('http://example.org/', timeout=5).status)\n"
        "except OSError as error: print('closed', error)\n"
        "sys.exit('tried all')\n"
    )
    # The step after pip: it runs only when pip has reached its index.
    dockerfile = samples.CODE_DOCKERFILE.replace("CMD", "COPY reach.py /reach.py\nRUN python3 /reach.py\nCMD")
    report = evaluated(submit({f"{C3}/Dockerfile": dockerfile, f"{C3}/reach.py": reach}))
    built = next(one for one in report.results if one.id == "container3.builds")
    assert built.status == "failed"
    log = next(seen.text for seen in built.evidence if seen.kind == "log")
    assert log.count("closed ") == 3
    assert "REACHED" not in log
    assert "tried all" in log
    found = [finding for finding in report.findings if finding.id == "blocked-network"]
    assert "example.org:80" in found[0].text


def test_a_build_without_end_is_stopped(submit, samples, evaluated):
    dockerfile = samples.MODEL_DOCKERFILE.replace("CMD", "RUN sleep 10000\nCMD")
    report = evaluated(submit({f"{C2}/Dockerfile": dockerfile}), build_seconds=30)
    built = next(one for one in report.results if one.id == "container2.builds")
    assert built.status == "failed"
    assert "was not built within 30 s and was stopped" in built.reason


PROGRAM = "import sys; from pipeline.cli import execute, parse; sys.exit(execute(parse(sys.argv[1:])))"


def wait_for_step(command):
    """Wait until a step of a build runs a command."""
    running = ["docker", "ps", "--no-trunc", "--format", "{{.Command}}"]
    for _ in range(240):
        if command in subprocess.run(running, capture_output=True, text=True, check=True).stdout:
            return
        time.sleep(0.25)
    pytest.fail(f"no build runs {command}")


def interrupted_at(text, words, step):
    """Run a command until it prints a string and then builds a step, and send Ctrl-C.

    Returns its exit status, its process id and its output.
    """
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        said = ""
        for line in running.stdout:
            said += line
            if text in line:
                break
        wait_for_step(step)
        os.kill(running.pid, signal.SIGINT)
        said += running.communicate(timeout=300)[0]
    return running.returncode, running.pid, said


def test_ctrl_c_leaves_a_partial_report_and_removes_the_containers(submit, samples, tmp_path, left_of):
    step = f"sleep {300_000 + os.getpid()}"
    slow = submit({f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace("WORKDIR", f"RUN {step}\nWORKDIR")})
    words = ["evaluate", slow, "--output", tmp_path / "out"]
    status, process, said = interrupted_at("building container3_codebase", words, step)
    assert status == 130, said
    assert left_of(process) == []

    report = from_json(json.loads((tmp_path / "out" / slow.name / "report.json").read_text("utf-8")))
    assert report.interrupted
    assert report.points == 20
    assert report.results[6].reason == "the evaluation was interrupted"


def test_ctrl_c_stops_a_class_evaluation_and_the_same_command_resumes_it(samples, tmp_path, nothing_left):
    """The first of three is finished, the second is being built, the third has not started."""
    folder, out = tmp_path / "class", tmp_path / "out"
    fails = {f"{part}/Dockerfile": "FROM busybox:latest\nRUN false\n" for part in (C1, C2, C3)}
    step = f"sleep {400_000 + os.getpid()}"
    slow = {f"{C3}/Dockerfile": f"FROM busybox:latest\nRUN {step}\n"}
    for name, changes in (("a", fails), ("b", fails | slow), ("c", fails | {"notes.txt": "c"})):
        samples.write_sample(folder / name, changes)
    words = ["evaluate", "--class-list", folder, "--output", out, "--jobs", "1", "--build-timeout", "10"]
    with nothing_left():
        status, _, said = interrupted_at("a  done", words, step)
        assert status == 130, said
        assert "interrupted; 1 of 3 are finished" in said
        assert "Run the same command again to evaluate the others." in said
        assert from_json(json.loads((out / "b" / "report.json").read_text("utf-8"))).interrupted
        assert not (out / "c").exists()

        again = subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, words)], capture_output=True, text=True, check=True
        )
    states = [
        line.split()[:2] for line in again.stdout.splitlines() if line.startswith(("  a", "  b", "  c"))
    ]
    assert states == [["a", "done"], ["b", "done"], ["c", "done"]]
    assert again.stdout.count("done before") == 1
    rows = (out / "overview.csv").read_text("utf-8").splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["a", "32"], ["b", "32"], ["c", "32"]]


@pytest.mark.parametrize("backend", [None, ClientBackend()], ids=["api", "client"])
def test_leftovers_of_a_killed_evaluation_are_removed_by_the_next_one(engine, left_of, backend):
    version, compose = find_docker()
    # While this process runs, evaluations of other tests keep the objects with its number, too.
    with subprocess.Popen(["sleep", "600"]) as other:
        session = EngineSession(version, compose, DEFAULT_LIMITS)
        session.id = session.id.replace(f"-{os.getpid()}-", f"-{other.pid}-")
        session.label = label = f"app07.evaluation={session.id}"
        session.run_checked("network", "create", "--internal", "--label", label, session.id)
        options = ["--name", session.id, "--label", label, "--network", session.id]
        session.run_checked("create", *options, "busybox:latest", "true")
        EngineSession(version, compose, DEFAULT_LIMITS, backend=backend).remove_abandoned()
        assert len(left_of(other.pid)) == 2
        other.kill()
    EngineSession(version, compose, DEFAULT_LIMITS, backend=backend).remove_abandoned()
    assert left_of(other.pid) == []


@pytest.mark.xdist_group("class")
def test_a_build_ends_with_an_evaluation_that_is_killed(engine, submit, tmp_path):
    """The container of a build step has no label, so a later evaluation could not find it."""
    nap = str(100_000 + os.getpid())
    slow = submit({f"{C1}/Dockerfile": f"FROM busybox:latest\nRUN sleep {nap}\n"})
    words = [sys.executable, "-c", PROGRAM, "evaluate", str(slow), "--output", str(tmp_path / "out")]

    def runs():
        listed = subprocess.run(
            ["docker", "ps", "--no-trunc", "--format", "{{.Command}}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return nap in listed.stdout

    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as evaluation:
        begun = wait_until(runs, 120)
        evaluation.kill()
    assert begun
    assert wait_until(lambda: not runs(), 30)


def wait_until(holds, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.2)
    return False
