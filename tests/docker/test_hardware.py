"""The detected limits, and `.env`, with both versions of Compose."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from yaml import safe_load

from common.env_file.syntax import parse as parse_env_file
from pipeline.cli import execute, parse
from tests.docker.conftest import COMMANDS, Stack
from tests.hardware.test_env_syntax import READ_ALIKE

PYTHON = getattr(sys, "_base_executable", None) or sys.executable


def test_the_detected_limits_work_and_the_files_are_those_of_the_local_engine(stack: Stack) -> None:
    own = "MODEL_NAME='iris'  # mine\nexport DATA_PATH = ./data/iris_150.csv\n"
    (stack.layout.root / ".env").write_text(own)
    up = " ".join([*COMMANDS[stack.generation], "up", "--abort-on-container-exit"])
    typed = stack.type(["sh", "-c", f"{PYTHON} detect_hardware.py && {up}"], PYTHONPATH="")
    assert typed.status == 0, typed.output
    assert (stack.layout.root / ".env").read_text().startswith(own)
    limits = limits_of(stack)
    assert limits["NanoCpus"] == int(float(written(stack)["CPU_LIMIT"]) * 1e9) > 0
    assert 0 < limits["Memory"] <= 8 << 30
    assert f"CPU_THREADS={written(stack)['CPU_THREADS']}" in limits["Env"]
    by_hand = json.loads(stack.shared("prediction.json").read_text())

    assert execute(parse(["compose", "--engine", "local"]), stack.layout) == 0
    by_driver = json.loads(stack.shared("prediction.json").read_text())
    for role in ("knowledge", "activation"):
        assert by_hand[role]["sha256"] == by_driver[role]["sha256"]


def written(stack: Stack) -> dict[str, str]:
    content = (stack.layout.root / ".env").read_bytes()
    return {each.name: each.value for each in parse_env_file(content, {})}


def limits_of(stack: Stack) -> dict[str, object]:
    where = f"label=com.docker.compose.project.working_dir={stack.layout.root}"
    service = "label=com.docker.compose.service=codebase"
    ids = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", where, "--filter", service],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    inspected = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True).stdout
    details = json.loads(inspected)[0]
    return {**details["HostConfig"], "Env": details["Config"]["Env"]}


def test_values_of_env_are_read_as_compose_reads_them(generation: str, tmp_path: Path) -> None:
    """This version of Compose reads the values that tests/hardware/test_env_syntax.py expects."""
    texts = [text for text in READ_ALIKE if not text.startswith("\ufeff") and "\r" not in text]
    lines = [re.sub(r"\bA(?= *=)", f"V{place}", text) for place, text in enumerate(texts)]
    (tmp_path / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    passed = "".join(f"      V{place}: '<${{V{place}}}>'\n" for place in range(len(texts)))
    file = f"services:\n  a:\n    image: busybox\n    environment:\n{passed}"
    (tmp_path / "docker-compose.yml").write_text(file)
    shown = subprocess.run(
        [*COMMANDS[generation], "config", *(["--format", "json"] if generation == "v2" else [])],
        cwd=tmp_path, env={**os.environ, "HOME": "/"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    values = environment_in(shown)
    for place, text in enumerate(texts):
        assert values[f"V{place}"].replace("$$", "$") == f"<{READ_ALIKE[text]}>", text


def environment_in(shown: str) -> dict[str, str]:
    """Return the environment of the only service of a resolved compose file, in JSON or YAML."""
    values = safe_load(shown)["services"]["a"]["environment"]
    return {str(name): str(value) for name, value in values.items()}
