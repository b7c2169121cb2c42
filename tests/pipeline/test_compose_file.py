"""The compose file works with both versions of Compose and is hardened."""

from __future__ import annotations

import re

import pytest

from common.project import ACTIVATIONBASE, CODEBASE, KNOWLEDGEBASE, PROJECT

TEXT = PROJECT.compose_file.read_text(encoding="utf-8")
NAMES = (ACTIVATIONBASE, KNOWLEDGEBASE, CODEBASE)


def code(text: str) -> str:
    """Return `text` without comments and empty lines."""
    lines = (re.sub(r"(^|\s)#.*$", "", line).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def block(head: str) -> str:
    """Return the lines below `head` that are indented further."""
    _, _, after = code(TEXT).partition(f"{head}\n")
    assert after, f"{head} is not in the compose file"
    depth = len(head) - len(head.lstrip())
    lines = []
    for line in after.splitlines():
        if len(line) - len(line.lstrip()) <= depth:
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def everything_of(service: str) -> str:
    """Return the settings of a service, with those merged by `<<`."""
    text = block(f"  {service}:")
    shared = {"*data": block("x-data: &data"), "*hardened": block("x-hardened: &hardened")}
    while taken := re.search(r"^\s*<<: (\*\w+)\n", text, re.MULTILINE):
        text = text.replace(taken.group(0), shared[taken.group(1)])
    return text


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("version:", "v2 warns about it"),
        ("container_name:", "two checkouts could not run side by side"),
        ("attach:", "1.29 refuses it"),
        ("service_completed_successfully", "a data container that exits ends the stack"),
        ("ports:", "nothing is served here"),
        ("privileged:", "nothing needs it"),
    ],
)
def test_every_key_is_supported_by_both_versions(word: str, why: str) -> None:
    assert word not in code(TEXT), why


def test_there_are_exactly_three_services() -> None:
    services = re.findall(r"^  (\S+):$", block("services:"), re.MULTILINE)
    assert sorted(services) == sorted(NAMES)


@pytest.mark.parametrize("service", NAMES)
@pytest.mark.parametrize(
    "rule",
    [
        "network_mode: none",
        "read_only: true",
        "security_opt: - no-new-privileges:true",
        "cap_drop: - ALL",
        "mem_limit: ",
        "pids_limit: ",
        "source: ./shared_data target: /shared_data",
    ],
)
def test_every_container_is_hardened_and_limited(service: str, rule: str) -> None:
    assert rule in words(everything_of(service))


@pytest.mark.parametrize("service", [ACTIVATIONBASE, KNOWLEDGEBASE])
def test_a_data_container_has_three_capabilities_and_a_healthcheck(service: str) -> None:
    rules = words(everything_of(service))
    assert re.findall(r"cap_add:((?: - [A-Z_]+)+)", rules) == [" - CHOWN - DAC_OVERRIDE - FOWNER"]
    assert "healthcheck:" in rules


def test_codebase_has_no_capabilities_and_the_user_of_its_image() -> None:
    rules = everything_of(CODEBASE)
    assert "cap_add:" not in rules
    assert "user:" not in rules


def test_codebase_starts_when_both_copies_are_complete() -> None:
    starts_after = words(everything_of(CODEBASE)).partition("depends_on: ")[2]
    assert starts_after.startswith(
        "activationbase: condition: service_healthy knowledgebase: condition: service_healthy "
    )


def test_paths_of_codebase_do_not_depend_on_variables_of_the_host() -> None:
    told = words(everything_of(CODEBASE)).partition("environment: ")[2].partition(" tmpfs:")[0]
    assert told.split()[:6] == [
        "MODEL_PATH:",
        "/shared_data/currentSolution.pkl",
        "DATA_PATH:",
        "/shared_data/activation_data.csv",
        "OUTPUT_PATH:",
        "/shared_data/prediction.csv",
    ]
    assert set(re.findall(r"\$\{(\w+)", told)) == {"CPU_THREADS"}


def test_activationbase_removes_the_prediction_of_an_earlier_run() -> None:
    command = words(everything_of(ACTIVATIONBASE)).partition("command: ")[2]
    assert command.startswith(
        "- publish - /activationBase/currentActivation.csv - /shared_data/activation_data.csv "
        "- /shared_data/prediction.csv - /shared_data/prediction.json "
    )


@pytest.mark.parametrize("name", ["MODEL_PATH", "MODEL_NAME", "MODEL_FILE", "DATA_PATH"])
def test_every_variable_that_selects_files_has_an_empty_default(name: str) -> None:
    uses = re.findall(rf"\$\{{{name}(:-)?", code(TEXT))
    assert uses, f"{name} is not used"
    assert all(default == ":-" for default in uses), f"{name} has no default: Compose would warn"


@pytest.mark.parametrize(
    ("service", "folder"),
    [
        (ACTIVATIONBASE, "container1_activationbase"),
        (ACTIVATIONBASE, "container3_codebase"),
        (KNOWLEDGEBASE, "container2_knowledgebase"),
    ],
)
def test_a_data_container_mounts_its_build_context_read_only(service: str, folder: str) -> None:
    rules = words(everything_of(service))
    assert f"- type: bind source: ./{folder} target: /checkout/{folder} read_only: true" in rules


@pytest.mark.parametrize("service", [ACTIVATIONBASE, KNOWLEDGEBASE])
def test_a_data_container_has_its_own_pipe_and_a_limited_wait(service: str) -> None:
    rules = words(everything_of(service))
    assert f"SIGNAL: /signals/{service} CODEBASE_WAIT: ${{CODEBASE_WAIT:-300}}" in rules
    assert "- type: volume source: signals target: /signals" in rules


def test_codebase_opens_both_pipes_and_mounts_notices_read_only() -> None:
    rules = words(everything_of(CODEBASE))
    for number, service in ((8, ACTIVATIONBASE), (9, KNOWLEDGEBASE)):
        assert f"exec {number}<>/signals/{service}; echo started >&{number};" in rules
    assert 'exec "$$@" - codebase command: ["python", "UE_07_App5.py"]' in rules
    assert "- type: volume source: signals target: /signals read_only: true" in rules
