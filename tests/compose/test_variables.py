"""Each variable is written as documented in docs/compose-generator.md."""

from __future__ import annotations

import pytest

from tests.compose.conftest import Requests


@pytest.mark.parametrize(
    ("variables", "key", "written"),
    [
        ({"cpu_limit": "2.0"}, "cpus", 2),
        ({"cpu_limit": 0.5}, "cpus", 0.5),
        ({"memory_limit": "512M"}, "mem_limit", 512 << 20),
        ({"memory_limit": "1.5G"}, "mem_limit", 1536 << 20),
        ({"memory_limit": "8Gi"}, "mem_limit", 8 << 30),
        ({"memory_reservation": "256M"}, "mem_reservation", 256 << 20),
        ({"exposed_ports": [8000]}, "expose", ["8000"]),
        ({"exposed_ports": ["22:22"]}, "ports", ["22:22"]),
        ({"exposed_ports": "127.0.0.1:8080:80"}, "ports", ["127.0.0.1:8080:80"]),
        ({"dns_servers": ["9.9.9.9"]}, "dns", ["9.9.9.9"]),
        ({"hostname": "node-1"}, "hostname", "node-1"),
        ({"platform": "linux/arm64"}, "platform", "linux/arm64"),
        ({"user": 1000}, "user", "1000"),
        ({"user": "1000:1000"}, "user", "1000:1000"),
        ({"user": "nobody"}, "user", "65534:65534"),
        ({"working_directory": "/app/src"}, "working_dir", "/app/src"),
        ({"command": "python -c 'print(1)'"}, "command", ["python", "-c", "print(1)"]),
        ({"command": None, "command_line_args": ["--x", "1"]}, "command", ["python", "/app/activate.py", "--x", "1"]),
        ({"network_mode": "none"}, "network_mode", "none"),
        ({"health_check": "test -f /x"}, "healthcheck",
         {"test": ["CMD-SHELL", "test -f /x"], "interval": "10s", "timeout": "5s", "retries": 3}),
        ({"model_version": "1.2", "model_input_shape": [4]}, "labels",
         {"app07.model.version": "1.2", "app07.model.input_shape": "4"}),
        ({"gpu_requirements": "0,1"}, "deploy", {"resources": {"reservations": {"devices": [
            {"driver": "nvidia", "device_ids": ["0", "1"], "capabilities": ["gpu"]}]}}}),
    ],
)  # fmt: skip
def test_a_variable_is_written(
    requests: Requests, variables: dict[str, object], key: str, written: object
) -> None:
    assert requests.services(requests.example(**variables))["codebase"][key] == written


@pytest.mark.parametrize(
    ("volume", "written"),
    [
        ("./models:/models:ro", "./models:/models:ro"),
        ({"host_path": "./models", "container_path": "/models", "read_only": True}, "./models:/models:ro"),
        ({"type": "bind", "source": "models", "target": "/models"}, "./models:/models"),
        ("cache:/cache", {"type": "volume", "source": "cache", "target": "/cache"}),
    ],
)
def test_a_mount_is_written(requests: Requests, volume: object, written: object) -> None:
    assert (
        written
        in requests.services(requests.example(volumes=["./shared_data:/shared_data", volume]))["codebase"][
            "volumes"
        ]
    )


@pytest.mark.parametrize(
    ("variables", "image"),
    [
        ({"image": "python:3.12"}, "python:3.12"),
        ({"base_image": "python", "image_tag": "3.11-slim"}, "python:3.11-slim"),
        ({"python_version": "3.12"}, "python:3.12-slim"),
        ({"python_version": 3.11, "image": "python"}, "python:3.11-slim"),
        ({"image": "docker.io/library/python:3.11"}, "docker.io/library/python:3.11"),
    ],
)
def test_an_image_is_written(requests: Requests, variables: dict[str, object], image: str) -> None:
    document = {"containers": [{"name": "codebase", "command": "true", **variables}]}
    assert requests.services(document)["codebase"]["image"] == image


def test_aliases_give_the_same_result(requests: Requests) -> None:
    source = {"type": "csv", "url": "https://example.com/d.csv", "container_path": "/data/d.csv"}
    named = {
        "name": "data",
        "image": "busybox:1.36",
        "data_source": source,
        "volumes": ["./shared_data:/shared_data:ro"],
    }
    other = {"container_name": "data", "base_image": "busybox", "image_tag": "1.36", "host_path": "./shared_data",
             "container_path": "/shared_data", "read_only": True, "data_type": "CSV",
             "data_url": "https://example.com/d.csv", "data_destination": "/data/d.csv"}  # fmt: skip
    first, second = (requests.generated({"containers": [container]}) for container in (named, other))
    assert first.text == second.text
    assert [file.source for file in first.files] == [file.source for file in second.files]


def test_two_names_with_different_values_are_refused(requests: Requests) -> None:
    refused = requests.refusal(requests.example(base_image="python:3.12"))
    assert refused == {"containers[2].base_image": "differs from containers[2].image, which means the same"}


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"restart_policy": "always"}, "containers[2].restart_policy"),
        ({"cpu_reservation": 1}, "containers[2].cpu_reservation"),
        ({"network_mode": "overlay"}, "network"),
        ({"command": "a && b"}, "containers[2].command"),
        ({"data_validation": {"columns": ["a"]}}, "containers[2].data_validation.columns"),
        ({"volumes": ["./results:/results", "./shared_data:/shared_data"]}, "containers[2].volumes"),
    ],
)
def test_unsupported_settings_give_warnings(
    requests: Requests, variables: dict[str, object], path: str
) -> None:
    assert path in {warning.path for warning in requests.generated(requests.example(**variables)).warnings}


def test_a_folder_with_a_dockerfile_is_the_context_of_its_image(requests: Requests) -> None:
    document = {"containers": [{"name": "codebase", "build_context": "app", "command": "true"}]}
    generated = requests.generated(document)
    assert requests.services(document)["codebase"]["build"] == {"context": "./app"}
    assert "containers[0].build_context" in {warning.path for warning in generated.warnings}
    assert "app/" in {file.path for file in generated.files}


def test_python_is_installed_into_an_image_without_it(requests: Requests) -> None:
    image = "nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04"
    generated = requests.generated(requests.example(image=image, gpu_requirements=1))
    (dockerfile,) = [
        file.content for file in generated.files if file.path == "containers/codebase/Dockerfile"
    ]
    assert (
        dockerfile.index("python3-venv")
        < dockerfile.index("RUN python3 -m venv")
        < dockerfile.index("RUN pip")
    )


def test_packages_for_busybox_are_refused(requests: Requests) -> None:
    refused = requests.refusal(requests.example(0, pip_packages=["numpy"]))
    assert refused == {"containers[0].pip_packages": "cannot be installed in the image busybox"}


def test_a_service_name_with_capitals_gets_a_lowercase_image_name(requests: Requests) -> None:
    assert (
        requests.services(requests.example(name="Code_-Base"))["Code_-Base"]["image"]
        == "ai-model-deployment-code-base"
    )
    assert "containers[1].name" in requests.refusal(requests.example(1, name="ACTIVATIONBASE"))


def test_a_container_that_only_copies_gets_less_memory(requests: Requests) -> None:
    services = requests.services(requests.example())
    limits = {name: service["mem_limit"] >> 20 for name, service in services.items()}
    assert limits == {"activationbase": 512, "knowledgebase": 64, "codebase": 1024}


def test_a_container_without_a_network_cannot_have_ports(requests: Requests) -> None:
    document = requests.example(exposed_ports=[8000])
    document["network"] = {"mode": "none"}
    refused = requests.refusal(document)
    assert refused == {
        "containers[2].network_mode": "a container without a network cannot have ports or DNS servers"
    }
