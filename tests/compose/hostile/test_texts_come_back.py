"""Strings of the user are read unchanged from the generated file by YAML 1.1, YAML 1.2 and both versions of Compose."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.compose import generate, read_request

COMPOSES = {"1.29": ("docker-compose",), "2": ("docker", "compose")}


@pytest.fixture(scope="session")
def texts(corpus) -> dict[str, str]:
    """Return the strings that a parser could misread, each as a variable."""
    found = {}
    for case in corpus.cases("texts"):
        if case.accepted and case.place == "containers[2].environment.A":
            found[f"A{len(found)}"] = case.value
        elif case.accepted and case.place == "containers[2].environment":
            found |= case.value
    return found


@pytest.fixture(scope="session")
def document(corpus, texts) -> dict[str, Any]:
    request = corpus.changed("containers[2].environment", texts)
    short = [text for text in texts.values() if len(text) < 100]
    request["containers"][2]["command"] = short
    request["containers"][1]["name"] = "null"
    request["containers"][2]["depends_on"] = ["activationbase", "null"]
    request["containers"][2]["health_check"] = {"test": ["CMD", "echo", *filter(None, short)][:60]}
    return request


def generated(document: dict[str, Any], target: str) -> str:
    return generate(read_request(json.dumps(document).encode()), target=target).text


def version_1_1(text: str) -> Any:
    return yaml.safe_load(text)


def version_1_2(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def single(value: Any) -> Any:
    """Return a value with each pair of dollar signs replaced by one, as Compose and Kubernetes do."""
    return json.loads(json.dumps(value).replace("$$", "$"))


@pytest.mark.slow
@pytest.mark.parametrize("read", [version_1_1, version_1_2])
@pytest.mark.parametrize("target", ["compose", "swarm"])
def test_a_yaml_parser_reads_every_string_unchanged(read, target: str, document, texts) -> None:
    services = read(generated(document, target))["services"]
    assert list(services) == ["activationbase", "null", "codebase"]
    service = single(services["codebase"])
    # Swarm expands templates in double braces.
    values = {name: service["environment"][name].replace('{{"{{"}}', "{{") for name in texts}
    assert values == texts
    words = document["containers"][2]["command"]
    assert service["command"][-len(words) :] == words
    assert service["healthcheck"]["test"] == document["containers"][2]["health_check"]["test"]


@pytest.mark.slow
@pytest.mark.parametrize("read", [version_1_1, version_1_2])
def test_every_string_in_the_job_is_read_unchanged(read, document, texts) -> None:
    spec = read(generated(document, "kubernetes"))["spec"]["template"]["spec"]
    assert [container["name"] for container in spec["initContainers"]] == ["activationbase", "null"]
    (container,) = single(spec["containers"])
    assert {pair["name"]: pair["value"] for pair in container["env"] if pair["name"] in texts} == texts
    words = document["containers"][2]["command"]
    assert container["args"][-len(words) :] == words


def config(compose: str, text: str, folder: Path, *options: str) -> str:
    """Return the output of `config` of a version of Compose, with variables in its environment."""
    path = folder / "generated.yml"
    path.write_text(text, encoding="utf-8")
    (folder / ".env").write_text("HOME=from-the-host\nX=from-the-host\nB=from-the-host\n", encoding="utf-8")
    command = [*COMPOSES[compose], "-f", str(path), "config", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert "is not set" not in done.stderr
    return done.stdout


@pytest.mark.docker
@pytest.mark.parametrize("compose", COMPOSES)
def test_compose_reads_every_string_unchanged(compose: str, tmp_path: Path, document, texts) -> None:
    options = ("--format", "json") if compose == "2" else ()
    shown = config(compose, generated(document, "compose"), tmp_path, *options)
    read = json.loads if compose == "2" else yaml.safe_load
    service = single(read(shown)["services"]["codebase"])
    # The output of 1.29 has a line break instead of U+0085; the file has not.
    shown_alike = {name: text for name, text in texts.items() if compose == "2" or "\x85" not in text}
    assert {name: service["environment"][name] for name in shown_alike} == shown_alike
    if compose == "2":
        assert service["command"] == document["containers"][2]["command"]


@pytest.mark.docker
@pytest.mark.parametrize("compose", COMPOSES)
def test_compose_accepts_a_request_with_every_variable(compose: str, tmp_path: Path, corpus) -> None:
    request = corpus.changed("network", {"mode": "bridge", "driver": "bridge"})
    request["containers"][2] |= {
        "cpu_limit": "0.015",
        "memory_limit": "1.5G",
        "cpu_reservation": 0.01,
        "memory_reservation": "512M",
        "gpu_requirements": ["0", "GPU-1"],
        "exposed_ports": ["127.0.0.1:18080:80/udp", 81],
        "dns_servers": ["9.9.9.9", "2620:fe::fe"],
        "hostname": "code-1",
        "user": "1000:1000",
        "working_directory": "/app",
        "platform": "linux/arm64",
        "timeout": "1m30s",
        "restart_policy": "on-failure:3",
        "health_check": {"test": "true", "interval": "1.5s", "retries": 100, "start_period": 1},
        "volumes": ["./shared_data:/shared_data", "./a b/c@d:/e f:ro", "vol.1:/tmp"],
        "security_opt": ["no-new-privileges"],
        "system_packages": ["g++"],
        "custom_libraries": ["https://github.com/user/library.git"],
    }
    request["containers"].append(
        {"name": "E1_x", "image": "python:3.11-slim", "command": "python -m http.server", "gpu_requirements": "all",
         "exposed_ports": [8000], "model_version": "a: b # $HOME", "build_context": None, "read_only": None}
    )  # fmt: skip
    for number in range(16):
        request["containers"].append(
            {"name": f"x{number}", "image": "busybox", "command": ["sleep", "1"], "depends_on": ["codebase"]}
        )
    config(compose, generated(request, "compose"), tmp_path, "--quiet")
