"""Real containers: a submission that means harm stays in its place, and nothing of it is left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

from pipeline.engines.docker import find_docker
from pipeline.evaluation.limits import DEFAULT_LIMITS, MIB
from pipeline.evaluation.result import from_json
from pipeline.evaluation.workshop import Workshop

C3 = "container3_codebase"

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
say("done")
while True:
    time.sleep(1)
"""


def test_an_attack_at_run_time_hits_its_limits(submit, evaluated):
    report = evaluated(
        submit({f"{C3}/UE_07_App5.py": ATTACK}), stack_seconds=12, volume=32 * MIB, processes=50
    )
    results = {one.id: one for one in report.results}
    assert "it did not end within 12 s and was stopped" in results["compose.orchestration"].reason
    assert "over-the-limits" in {finding.id for finding in report.findings}
    log = next(seen.text for seen in results["activation.prediction"].evidence if seen.kind == "log")
    assert int(re.search(r"forks (\d+)", log).group(1)) < 50
    assert log.count("network [Errno 101]") == 2
    assert int(re.search(r"disk (\d+)", log).group(1)) <= 33
    assert "device [Errno 1]" in log
    assert log.endswith("done")
    assert "fill" in str(results["copying.rows"].evidence)
    assert results["activation.prediction"].status == "failed"


def test_a_build_reaches_the_package_index_and_nothing_else_and_is_stopped_in_time(
    submit, samples, evaluated
):
    reach = (
        "import socket, urllib.request\n"
        "for place in (('1.1.1.1', 443), ('172.17.0.1', 22)):\n"
        "    try: print('REACHED', socket.create_connection(place, 2))\n"
        "    except OSError as error: print('closed', error)\n"
        "try: print('REACHED', urllib.request.urlopen('http://example.org/', timeout=5).status)\n"
        "except OSError as error: print('closed', error)\n"
    )
    dockerfile = samples.CODE_DOCKERFILE.replace(
        "WORKDIR", "COPY reach.py /reach.py\nRUN python3 /reach.py\nWORKDIR"
    )
    dockerfile = dockerfile.replace("CMD", "RUN sleep 10000\nCMD")
    report = evaluated(submit({f"{C3}/Dockerfile": dockerfile, f"{C3}/reach.py": reach}), build_seconds=20)
    built = next(one for one in report.results if one.id == "container3.builds")
    assert built.status == "failed"
    assert "was not built within 20 s and was stopped" in built.reason
    log = next(seen.text for seen in built.evidence if seen.kind == "log")
    assert "REACHED" not in log
    # It got as far as the last step: pip had reached its index.
    assert "RUN sleep 10000" in log
    found = [finding for finding in report.findings if finding.id == "blocked-network"]
    assert "example.org:80" in found[0].text


def test_ctrl_c_keeps_what_is_known_and_takes_the_containers_away(submit, samples, tmp_path, left_of):
    slow = submit({f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace("WORKDIR", "RUN sleep 300\nWORKDIR")})
    program = (
        "import sys; from pipeline.cli import execute; from pipeline.parser import parse; "
        "sys.exit(execute(parse(sys.argv[1:])))"
    )
    words = ["evaluate", str(slow), "--output", str(tmp_path / "out")]
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        for line in running.stdout:
            if "building container3_codebase" in line:
                break
        time.sleep(2)
        os.kill(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 130, said
    assert left_of(running.pid) == []

    report = from_json(json.loads((tmp_path / "out" / slow.name / "report.json").read_text("utf-8")))
    assert report.interrupted
    assert report.points == 20
    assert report.results[6].reason == "the evaluation was interrupted"


def test_what_a_killed_evaluation_left_is_removed_by_the_next(engine, left_of):
    version, compose = find_docker()
    gone = subprocess.Popen(["true"])
    gone.wait()
    shop = Workshop(version, compose, DEFAULT_LIMITS)
    shop.id = shop.id.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    shop.label = f"app07.evaluation={shop.id}"
    shop.must("network", "create", "--internal", "--label", shop.label, shop.id)
    shop.must(
        "create", "--name", shop.id, "--label", shop.label, "--network", shop.id, "busybox:latest", "true"
    )
    assert len(left_of(gone.pid)) == 2
    Workshop(version, compose, DEFAULT_LIMITS).sweep()
    assert left_of(gone.pid) == []
