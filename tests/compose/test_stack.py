"""The final container, the dependencies, and the paths to which files are copied."""

from __future__ import annotations

from typing import Any

from tests.compose.conftest import Requests


def test_the_example_of_the_document_is_accepted_unchanged(requests: Requests) -> None:
    services = requests.services(requests.example())
    assert list(services) == ["activationbase", "knowledgebase", "codebase"]
    assert services["codebase"]["depends_on"] == {
        "activationbase": {"condition": "service_healthy"},
        "knowledgebase": {"condition": "service_healthy"},
    }
    assert services["codebase"]["command"] == ["python", "/app/activate.py"]


def test_data_is_copied_to_where_the_code_looks_for_it(requests: Requests) -> None:
    services = requests.services(requests.example(environment={"DATA_PATH": "/shared_data/rows.csv"}))
    assert copies(services["activationbase"]) == {
        "/activationBase/currentActivation.csv": "/shared_data/rows.csv"
    }
    assert copies(services["knowledgebase"]) == {
        "/knowledgeBase/currentSolution.pkl": "/shared_data/currentSolution.pkl"
    }
    assert services["codebase"]["environment"]["MODEL_PATH"] == "/shared_data/currentSolution.pkl"


def copies(service: dict[str, Any]) -> dict[str, str]:
    words = service["entrypoint"]
    pairs = words[[index for index, word in enumerate(words) if word == "--"][1] + 1 : -1]
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_a_container_without_the_shared_folder_gets_it(requests: Requests) -> None:
    services = requests.services(requests.example(1, volumes=[]))
    assert "./shared_data:/shared_data" in services["knowledgebase"]["volumes"]


def test_another_mount_at_the_same_path_is_kept(requests: Requests) -> None:
    services = requests.services(requests.example(volumes=["results:/shared_data"]))
    assert "./shared_data:/shared_data" in services["activationbase"]["volumes"]
    assert {"type": "volume", "source": "results", "target": "/publish"} in services["activationbase"][
        "volumes"
    ]


def test_the_final_container_waits_for_containers_that_no_other_waits_for(requests: Requests) -> None:
    document = requests.example(depends_on=[])
    services = requests.services(document)
    assert list(services["codebase"]["depends_on"]) == ["knowledgebase"]
    assert list(services)[-1] == "codebase"


def test_a_cycle_is_reported(requests: Requests) -> None:
    refused = requests.refusal(requests.example(0, depends_on=["codebase"]))
    assert refused["containers[0].depends_on"].startswith("the containers wait for each other: ")


def test_sequential_containers_wait_for_the_previous_one(requests: Requests) -> None:
    document = requests.example(1, depends_on=None)
    document["execution"]["execution_order"] = "sequential"
    services = requests.services(document)
    assert list(services["knowledgebase"]["depends_on"]) == ["activationbase"]


def test_execution_order_numbers_sort_containers(requests: Requests) -> None:
    document = {"containers": [{"name": name, "image": "busybox", "execution_order": order}
                               for name, order in (("third", 3), ("first", 1), ("second", 2))]}  # fmt: skip
    assert list(requests.services(document)) == ["first", "second", "third"]


def test_a_step_must_have_succeeded_before_its_successor_starts(requests: Requests) -> None:
    document = {"containers": [
        {"name": "step", "image": "busybox", "command": "true"},
        {"name": "last", "image": "busybox", "depends_on": {"step": {"condition": "service_completed_successfully"}}},
    ]}  # fmt: skip
    script = requests.services(document)["step"]["entrypoint"][2]
    assert "exit $$status" in script


def test_no_command_of_a_request_is_part_of_a_script(requests: Requests) -> None:
    services = requests.services(
        requests.example(0, command="echo unmistakable", health_check=["echo", "distinct"])
    )
    service = services["activationbase"]
    assert service["command"] == ["echo", "unmistakable"]
    assert service["healthcheck"]["test"][-2:] == ["echo", "distinct"]
    scripts = [word for word in service["entrypoint"] + service["healthcheck"]["test"] if "\n" in word]
    assert scripts
    assert not any("unmistakable" in script or "distinct" in script for script in scripts)


def test_the_image_is_built_with_the_requested_packages_and_files(requests: Requests) -> None:
    volumes = ["./shared_data:/shared_data", "cache:/cache"]
    generated = requests.generated(requests.example(system_packages=["libgomp1"], volumes=volumes))
    files = {file.path: file for file in generated.files}
    dockerfile = files["containers/codebase/Dockerfile"].content
    assert dockerfile.splitlines()[1] == "FROM python:3.11-slim"
    assert "--no-install-recommends libgomp1" in dockerfile
    assert "chmod 1777 /signals '/cache'" in dockerfile
    assert "pip install --no-cache-dir -r /tmp/requirements.txt" in dockerfile
    assert files["containers/codebase/requirements.txt"].content == "pandas\nnumpy\nscipy==1.10.1\n"
    assert files["containers/codebase/code/"].source == "https://github.com/user/ml-code.git"
    assert files["containers/codebase/library/pybrain/"].format == "project"
    assert files["shared_data/"].kind == "folder"
