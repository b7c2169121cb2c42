"""The target `swarm`: files for `docker stack deploy`."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml


def stack(requests, request: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(requests.generated(request, "swarm").text)
    return found


def test_services_wait_for_those_that_they_depend_on(requests) -> None:
    services = stack(requests, requests.example())["services"]
    assert services["activationbase"]["command"][:2] == ["activationbase", ""]
    assert services["codebase"]["command"][:2] == ["codebase", "activationbase knowledgebase"]
    for service in services.values():
        assert "depends_on" not in service
        assert {"type": "volume", "source": "signals", "target": "/signals"} in service["volumes"]


def test_services_wait_for_a_container_without_data_whose_command_does_not_run_as_root(requests) -> None:
    request = {
        "containers": [
            {
                "name": "numbers",
                "image": "busybox",
                "command": "seq 3",
                "volumes": ["./shared_data:/shared_data"],
            },
            {"name": "sum", "image": "busybox", "command": "true", "depends_on": ["numbers"]},
        ]
    }
    services = stack(requests, request)["services"]
    assert services["numbers"]["command"] == ["numbers", "", "/shared_data", "--", "seq", "3"]
    assert 'without_root "$$@"' in services["numbers"]["entrypoint"][2]
    assert services["sum"]["command"] == ["sum", "numbers", "true"]
    alone = {
        "containers": [
            {"name": "a", "image": "busybox", "data_source": {"container_path": "/x"}, "command": "id"}
        ]
    }
    assert 'without_root "$$@"' in stack(requests, alone)["services"]["a"]["entrypoint"][2]


def test_limits_are_those_of_the_request(requests) -> None:
    request = requests.example(
        cpu_limit="4.0", memory_limit="8G", cpu_reservation="2.0", memory_reservation="4G"
    )
    assert stack(requests, request)["services"]["codebase"]["deploy"]["resources"] == {
        "limits": {"cpus": "4", "memory": str(8 << 30), "pids": 256},
        "reservations": {"cpus": "2", "memory": str(4 << 30)},
    }


def test_gpus_and_platforms_choose_the_node(requests) -> None:
    request = requests.example(gpu_requirements=2, platform="linux/arm64")
    deploy = stack(requests, request)["services"]["codebase"]["deploy"]
    assert "node.platform.arch == aarch64" in deploy["placement"]["constraints"]
    (device,) = deploy["resources"]["reservations"]["generic_resources"]
    assert device == {"discrete_resource_spec": {"kind": "NVIDIA-GPU", "value": 2}}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("no", {"condition": "none"}),
        ("on-failure:3", {"condition": "on-failure", "max_attempts": 3}),
        ("always", {"condition": "any"}),
    ],
)
def test_restart_policies_are_carried_over(requests, policy: str, expected: dict[str, object]) -> None:
    deploy = stack(requests, requests.example(restart_policy=policy))["services"]["codebase"]["deploy"]
    assert deploy["restart_policy"] == expected


def test_services_without_a_network_share_an_internal_one(requests) -> None:
    request = requests.example()
    request["network"] = {"mode": "none"}
    document = stack(requests, request)
    assert document["networks"] == {"isolated": {"driver": "overlay", "internal": True}}
    assert {tuple(service["networks"]) for service in document["services"].values()} == {("isolated",)}


def test_a_port_limited_to_one_address_is_not_published(requests) -> None:
    request = requests.example(exposed_ports=["8080:80", "127.0.0.1:8081:81"])
    ports = stack(requests, request)["services"]["codebase"]["ports"]
    assert [port["published"] for port in ports] == [8080]
    found = {warning.path: warning.message for warning in requests.generated(request, "swarm").warnings}
    assert "is not published" in found["containers[2].exposed_ports"]


def test_unsupported_settings_are_reported(requests) -> None:
    request = requests.example(gpu_requirements=1, restart_policy="unless-stopped")
    found = {warning.path for warning in requests.generated(request, "swarm").warnings}
    variables = ("security_opt", "volumes", "image", "gpu_requirements", "restart_policy")
    assert {f"containers[2].{name}" for name in variables} | {"execution"} <= found


def docker(*words: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, cwd=folder, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.docker
def test_docker_accepts_the_stack(requests, tmp_path: Path) -> None:
    request = requests.example(
        command=["echo", "$HOME", "on", "012"], environment={"A": "${HOME} $$ x"}, cpu_limit=0.5, gpu_requirements=1,
        exposed_ports=["8080:80/udp"], dns_servers=["9.9.9.9"], hostname="code", user="1000:1000", health_check="true",
        platform="linux/amd64", restart_policy="on-failure:3", model_version="1.0",
    )  # fmt: skip
    path = tmp_path / "stack.yml"
    path.write_text(requests.generated(request, "swarm").text, encoding="utf-8")
    read = yaml.safe_load(docker("stack", "config", "--compose-file", str(path)))["services"]["codebase"]
    assert read["environment"]["A"] == "${HOME} $$ x"
    assert read["command"][-4:] == ["echo", "$HOME", "on", "012"]


@pytest.fixture
def swarm():
    """A Swarm of this machine only, which the engine leaves afterwards if it was in none."""
    is_active = docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip() == "active"
    bridges = docker("network", "ls", "--format", "{{.Name}}").split()
    if not is_active:
        docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    yield
    if not is_active:
        docker("swarm", "leave", "--force")
        if "docker_gwbridge" not in bridges:
            eventually(lambda: docker("network", "rm", "docker_gwbridge"))


def eventually(action) -> None:
    """Repeat an action for up to half a minute while it fails because the engine still removes containers."""
    for _ in range(60):
        try:
            action()
            return
        except AssertionError:
            time.sleep(0.5)
    action()


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("TEST_SWARM") != "1",
    reason="an engine that leaves a Swarm loses the container names in all networks, even those of other tests: "
    "nox -s swarm runs this test alone",
)
def test_a_deployed_stack_waits_for_its_files_and_writes_its_result(requests, tmp_path: Path, swarm) -> None:
    request = {
        "containers": [
            {"name": "data", "image": "busybox", "data_source": {"container_path": "/etc/passwd"}},
            {
                "name": "other",
                "image": "busybox",
                "command": ["sh", "-c", "sleep 1; id -u > /shared_data/user"],
                "volumes": ["./shared_data:/shared_data"],
            },
            {
                "name": "code",
                "image": "busybox",
                "command": [
                    "sh",
                    "-c",
                    'cp "$DATA_PATH" /shared_data/result; echo "$1" "$HOST" "$NODE"',
                    "sh",
                    "$HOME",
                ],
                "environment": {
                    "DATA_PATH": "/shared_data/activation_data.csv",
                    "HOST": "${HOME}",
                    "NODE": "{{.Node.Hostname}}{{",
                },
                "volumes": ["./shared_data:/shared_data"],
                "depends_on": ["data", "other"],
            },
        ]
    }
    name = f"app07-test-{tmp_path.name[-20:].replace('_', '-').lower()}"
    (tmp_path / "stack.yml").write_text(requests.generated(request, "swarm").text, encoding="utf-8")
    (tmp_path / "shared_data").mkdir()
    options = ("--detach=true", "--resolve-image", "never")
    try:
        docker("stack", "deploy", *options, "--compose-file", "stack.yml", name, folder=tmp_path)
        eventually(lambda: _has_completed(f"{name}_code"))
        assert docker("service", "logs", "--raw", f"{name}_code").split() == [
            "$HOME",
            "${HOME}",
            "{{.Node.Hostname}}{{",
        ]
        assert (tmp_path / "shared_data/result").read_text() == (
            tmp_path / "shared_data/activation_data.csv"
        ).read_text()
        assert (tmp_path / "shared_data/user").read_text().strip() not in ("", "0")
    finally:
        docker("stack", "rm", name)
        eventually(lambda: docker("volume", "rm", f"{name}_signals"))


def _has_completed(service: str) -> None:
    assert docker("service", "ps", "--format", "{{.CurrentState}}", service).startswith("Complete")
