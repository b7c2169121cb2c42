"""The compose file of training works with both versions of Compose, is hardened, and passes on every option."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from common.project import KNOWLEDGEBASE, LEARNINGBASE, PROJECT, TRAINING
from training.options import table, variable
from training.search_options import search_table

TEXT = PROJECT.training_compose_file.read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
BASIC: dict[str, Any] = yaml.safe_load(PROJECT.compose_file.read_text(encoding="utf-8"))
MLFLOW = "mlflow"


@pytest.mark.parametrize(
    "word",
    ["version:", "container_name:", "attach:", "profiles:", "required:", "service_completed", "privileged:"],
)
def test_every_key_is_supported_by_both_versions_of_compose(word: str) -> None:
    code = "\n".join(re.sub(r"(^|\s)#.*$", "", line) for line in TEXT.splitlines())
    assert word not in code


def test_there_are_four_services() -> None:
    assert sorted(FILE["services"]) == sorted([LEARNINGBASE, KNOWLEDGEBASE, TRAINING, MLFLOW])


@pytest.mark.parametrize("name", FILE["services"])
def test_every_container_is_hardened_and_limited(name: str) -> None:
    service = FILE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] and service["pids_limit"]


def test_data_containers_are_those_of_the_basic_stack() -> None:
    keys = (
        "network_mode",
        "user",
        "cap_add",
        "tmpfs",
        "mem_limit",
        "pids_limit",
        "healthcheck",
        "stop_grace_period",
    )
    for name in (LEARNINGBASE, KNOWLEDGEBASE):
        for key in keys:
            assert FILE["services"][name][key] == BASIC["services"][KNOWLEDGEBASE][key]


def test_training_and_mlflow_have_no_capabilities_and_the_users_of_their_images() -> None:
    for name in (TRAINING, MLFLOW):
        assert not {"cap_add", "user"} & FILE["services"][name].keys()


def test_training_reaches_only_the_server_which_is_published_only_on_this_machine() -> None:
    assert FILE["services"][TRAINING]["networks"] == ["ml-network"]
    assert FILE["networks"] == {"ml-network": {"internal": True}, "ui": None}
    assert [port.rpartition("${")[0] for port in FILE["services"][MLFLOW]["ports"]] == ["127.0.0.1:"]


def test_training_does_not_wait_for_the_server() -> None:
    assert FILE["services"][TRAINING]["depends_on"] == {
        name: {"condition": "service_healthy"} for name in (LEARNINGBASE, KNOWLEDGEBASE)
    }


def test_the_server_is_started_as_by_its_image() -> None:
    recipe = (PROJECT.root / "container5_tracking" / "Dockerfile").read_text(encoding="utf-8")
    command = re.search(r"^CMD (\[.*?\])", recipe.replace("\\\n", ""), re.MULTILINE | re.DOTALL)
    assert command and FILE["services"][MLFLOW]["command"] == json.loads(command.group(1))


def test_every_training_option_is_passed_to_the_container() -> None:
    given = {key for key in FILE["services"][TRAINING]["environment"] if key.startswith("TRAIN_")}
    on_the_host = {"TRAIN_NAME", "TRAIN_PROMOTE"}
    assert given == {variable(row.name) for row in (*table(), *search_table())} - on_the_host


def test_the_stack_has_its_own_volume_of_pipes() -> None:
    assert not FILE["volumes"].keys() & BASIC["volumes"].keys()
