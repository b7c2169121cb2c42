"""`python -m serving`, the program of the container: its variables, its workers, its health check."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from common.project import PROJECT
from pybrain_runtime.errors import UsageError
from serving.cgroup import ControlGroup, metrics_text
from serving.environment import allowed_workers, read_settings

READY = PROJECT.code.parent / "serving" / "ready.py"


def test_variables_become_settings() -> None:
    settings = read_settings(
        {
            "SERVE_MODEL": "iris, course",
            "SERVE_WORKERS": "3",
            "SERVE_RATE": "100/min",
            "SERVE_CORS": "https://app.example.org",
            "SERVE_ALLOW_HOST": "Serve.example.org,other.example.org",
            "SELECTED_KEYS": "../secrets/keys.json",
        }
    )
    assert [source.name for source in settings.sources] == ["iris", "course"]
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 8000, 3)
    assert str(settings.rate) == "100/min"
    assert settings.hosts == ("serve.example.org", "other.example.org")
    assert settings.keys == Path("/selected/keys/keys.json")
    assert read_settings({}).keys is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SERVE_PORT", "http", "SERVE_PORT is 'http': expected a port from 1 to 65535."),
        ("SERVE_WORKERS", "many", "SERVE_WORKERS is 'many': expected auto or a number from 1 to 64."),
        (
            "SERVE_MODEL",
            "a,,b",
            "SERVE_MODEL is 'a,,b': expected all, or unique model names separated by commas",
        ),
        ("SERVE_MODEL", "", "SERVE_MODEL is set, but empty."),
        ("SERVE_LOG_REQUESTS", "yes", "SERVE_LOG_REQUESTS is 'yes': expected 0 or 1."),
        ("SERVE_RATE", "fast", "SERVE_RATE is 'fast': 'fast' is not a rate; expected a number and a period"),
    ],
)
def test_an_invalid_variable_is_reported(name: str, value: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_settings({name: value})
    assert refused.value.message.startswith(message)


def group(root: Path, **files: str) -> ControlGroup:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return ControlGroup(root)


def test_the_number_of_workers_is_limited_by_cpus_and_memory(tmp_path: Path) -> None:
    allowed = len(os.sched_getaffinity(0))
    unlimited = group(tmp_path / "none")
    assert (unlimited.processors(), unlimited.memory_limit()) == (allowed, None)
    assert allowed_workers(unlimited) == min(allowed, 64)
    second = group(
        tmp_path / "v2",
        cpuDOTmax="50000 100000\n", memoryDOTmax="1073741824\n", memoryDOTcurrent="3000\n",
        memoryDOTstat="anon 10\ninactive_file 1000\n", cpuDOTstat="usage_usec 2500000\nuser_usec 1\n",
    )  # fmt: skip
    assert allowed_workers(second) == 1
    assert metrics_text(second).splitlines()[1::2] == [
        "app07_container_cpu_seconds_total 2.5",
        "app07_container_cpus 1",
        "app07_container_memory_bytes 2000",
        "app07_container_memory_limit_bytes 1073741824",
    ]
    first = group(
        tmp_path / "v1",
        cpu__cpuDOTcfs_quota_us="-1\n", cpu__cpuDOTcfs_period_us="100000\n",
        memory__memoryDOTlimit_in_bytes="9223372036854771712\n", memory__memoryDOTusage_in_bytes="500\n",
        memory__memoryDOTstat="total_inactive_file 100\n", cpuacct__cpuacctDOTusage="1500000000\n",
    )  # fmt: skip
    assert (first.processors(), first.memory_limit()) == (allowed, None)
    assert (first.memory_used(), first.processor_seconds()) == (400, 1.5)


@pytest.mark.slow
def test_the_program_serves_reports_its_container_and_ends_on_a_signal(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {
        **os.environ,
        "PYTHONPATH": str(PROJECT.code.parent),
        "SERVE_HOST": "127.0.0.1",
        "SERVE_PORT": str(port),
        "SERVE_WORKERS": "1",
        "TMPDIR": str(tmp_path),
    }

    def ready() -> bool:
        return subprocess.run([sys.executable, "-S", "-I", READY], env=variables, check=False).returncode == 0

    assert not ready()
    program = subprocess.Popen(
        [sys.executable, "-m", "serving"], env=variables, stderr=subprocess.PIPE, text=True
    )
    assert program.stderr is not None
    line = ""
    while f"on port {port} with 1 workers" not in line:
        line = program.stderr.readline()
        assert line, program.wait()
    # No knowledge lies where the containers have it: the server runs, and is not ready.
    assert not ready()
    deadline = time.monotonic() + 120
    text = ""
    while "app07_container_cpus" not in text:
        assert time.monotonic() < deadline
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    assert re.search(r"^app07_model_problems [12]$", text, re.MULTILINE)
    assert [path.name[:6] for path in tmp_path.iterdir()] == ["app07-"]
    program.send_signal(signal.SIGTERM)
    assert program.wait(20) == 0
    program.stderr.close()
