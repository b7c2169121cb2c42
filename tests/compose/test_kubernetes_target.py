"""The target `kubernetes`: Jobs that are valid by the schemas of Kubernetes, and their settings."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

VERSIONS = ("1.29", "1.37")


def documents(requests, request: Any) -> list[dict[str, Any]]:
    """Return the manifests for a request, validated against the strict schemas of the oldest and the newest version."""
    import kubernetes_validate

    found = list(yaml.safe_load_all(requests.generated(request, "kubernetes").text))
    for document in found:
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)
    return found


def pod(requests, request: Any) -> dict[str, Any]:
    return documents(requests, request)[0]["spec"]["template"]["spec"]


def warnings(requests, request: Any) -> dict[str, str]:
    return {warning.path: warning.message for warning in requests.generated(request, "kubernetes").warnings}


def test_the_example_is_a_job_whose_init_containers_fill_an_empty_directory(requests) -> None:
    (job,) = documents(requests, requests.example())
    assert (job["kind"], job["metadata"]["name"]) == ("Job", "ai-model-deployment")
    assert job["spec"]["activeDeadlineSeconds"] == 300
    spec = job["spec"]["template"]["spec"]
    assert [container["name"] for container in spec["initContainers"]] == ["activationbase", "knowledgebase"]
    assert [container["name"] for container in spec["containers"]] == ["codebase"]
    assert spec["restartPolicy"] == "OnFailure"
    assert {"name": "shared-data", "emptyDir": {}} in spec["volumes"]
    for container in (*spec["initContainers"], *spec["containers"]):
        assert {"name": "shared-data", "mountPath": "/shared_data"} in container["volumeMounts"]


def test_every_container_is_hardened(requests) -> None:
    spec = pod(requests, requests.example())
    assert spec["automountServiceAccountToken"] is False
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"] == {
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]


def test_an_init_container_copies_its_files_and_then_runs_its_command(requests) -> None:
    first, second = pod(requests, requests.example())["initContainers"]
    assert first["args"][-3:] == ["cp", "/activationBase/currentActivation.csv", "/shared_data/"]
    paths = ["/knowledgeBase/currentSolution.pkl", "/shared_data/currentSolution.pkl"]
    assert second["args"] == ["--", *paths, "--"]
    assert first["command"][:2] == ["sh", "-c"]


def test_kubernetes_expands_no_variable_in_a_string(requests) -> None:
    request = requests.example(command=["echo", "$(HOME)", "$$"], environment={"A": "$(HOME) $B"})
    (container,) = pod(requests, request)["containers"]
    assert container["args"][-3:] == ["echo", "$$(HOME)", "$$$$"]
    assert container["env"][0] == {"name": "A", "value": "$$(HOME) $$B"}


def test_limits_and_reservations_have_the_units_of_kubernetes(requests) -> None:
    request = requests.example(
        cpu_limit="4.0", memory_limit="8G", cpu_reservation="0.5", memory_reservation="4G", gpu_requirements=1
    )
    (container,) = pod(requests, request)["containers"]
    assert container["resources"] == {
        "limits": {"cpu": "4000m", "memory": "8192Mi", "nvidia.com/gpu": 1},
        "requests": {"cpu": "500m", "memory": "4096Mi"},
    }


def test_a_stack_without_a_network_gets_a_policy_that_isolates_its_pod(requests) -> None:
    request = requests.example()
    request["network"] = {"mode": "none"}
    job, policy = documents(requests, request)
    assert policy["kind"] == "NetworkPolicy"
    assert (
        policy["spec"]["podSelector"]["matchLabels"].items()
        <= job["spec"]["template"]["metadata"]["labels"].items()
    )
    assert "ingress" not in policy["spec"] and "egress" not in policy["spec"]
    assert "network plug-in" in warnings(requests, request)["network"]


def test_a_container_with_a_health_check_is_a_sidecar(requests) -> None:
    request = requests.example()
    server = {
        "name": "server",
        "image": "python:3.11-slim",
        "command": ["python", "-m", "http.server"],
        "health_check": {"test": ["CMD", "true"], "interval": "2s", "start_period": "1s"},
    }
    request["containers"].insert(2, server)
    request["containers"][3]["depends_on"].append("server")
    sidecar = pod(requests, request)["initContainers"][2]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("server", "Always")
    assert sidecar["startupProbe"]["exec"] == {"command": ["true"]}
    assert sidecar["startupProbe"]["periodSeconds"] == 2


def test_a_container_with_a_port_is_a_sidecar_and_others_must_exit_by_themselves(requests) -> None:
    request = {
        "containers": [
            {"name": "numbers", "image": "busybox", "command": "seq 3"},
            {"name": "server", "image": "busybox", "command": "httpd -f", "exposed_ports": [80]},
            {"name": "sum", "image": "busybox", "command": "true", "depends_on": ["numbers", "server"]},
        ]
    }
    numbers, server = pod(requests, request)["initContainers"]
    assert "restartPolicy" not in numbers
    assert (server["restartPolicy"], server["ports"][0]["containerPort"]) == ("Always", 80)
    assert "must end" in warnings(requests, request)["containers[0].command"]


def test_the_platform_chooses_the_node(requests) -> None:
    spec = pod(requests, requests.example(platform="linux/arm64"))
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}


def test_folders_in_one_folder_share_its_directory(requests) -> None:
    request = requests.example(
        volumes=["./shared_data:/shared_data", "./shared_data/a/b:/deep:ro", "cache:/cache"]
    )
    (container,) = pod(requests, request)["containers"]
    assert {"name": "shared-data", "mountPath": "/deep", "subPath": "a/b", "readOnly": True} in container[
        "volumeMounts"
    ]
    assert {"name": "cache", "mountPath": "/cache"} in container["volumeMounts"]


@pytest.mark.parametrize("names", [("a_b", "A-b", "a--B"), ("x" * 63, "x_" * 31 + "x", "X-" * 31 + "x")])
def test_different_names_become_different_labels(requests, names: tuple[str, ...]) -> None:
    request = {"containers": [{"name": name, "image": "busybox", "command": "true"} for name in names]}
    spec = pod(requests, request)
    containers = [*spec["initContainers"], *spec["containers"]]
    labels = {container["name"] for container in containers}
    assert len(labels) == len(names)
    assert all(len(label) <= 63 and label == label.lower() and "_" not in label for label in labels)


def test_unsupported_settings_are_reported(requests) -> None:
    request = requests.example(
        exposed_ports=["8080:80"],
        gpu_requirements=["0", "1"],
        restart_policy="always",
        hostname="code.example",
    )
    request["containers"][0] |= {"hostname": "data", "restart_policy": "always", "platform": "linux/amd64"}
    request["containers"][2]["platform"] = "linux/arm64"
    found = warnings(requests, request)
    for path in (
        "containers[0].hostname",
        "containers[0].restart_policy",
        "containers[0].platform",
        "containers[0].command",
        "containers[0].volumes",
        "containers[2].hostname",
        "containers[2].image",
        "containers[2].exposed_ports",
        "containers[2].gpu_requirements",
        "containers[2].restart_policy",
    ):
        assert path in found, path
