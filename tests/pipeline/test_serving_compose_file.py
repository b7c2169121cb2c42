"""The compose files of serving and monitoring work with both versions of Compose, are hardened, and fit together."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.project import FRONT, FRONT_SERVICE, KNOWLEDGEBASE, MONITORING_SERVICE, PROJECT
from serving.settings import RequestLimits

FILES: dict[str, dict[str, Any]] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (PROJECT.serving_compose_file, PROJECT.monitoring_compose_file)
}
SERVING, MONITORING = FILES.values()
BASIC: dict[str, Any] = yaml.safe_load(PROJECT.compose_file.read_text(encoding="utf-8"))
SERVICES = {**SERVING["services"], **MONITORING["services"]}
NGINX = (PROJECT.context(FRONT_SERVICE) / "nginx.conf").read_text(encoding="utf-8")
GRAFANA = PROJECT.context(MONITORING_SERVICE) / "grafana"


@pytest.mark.parametrize("path", [PROJECT.serving_compose_file, PROJECT.monitoring_compose_file], ids=str)
def test_every_key_is_supported_by_both_versions_of_compose(path: Path) -> None:
    code = "\n".join(re.sub(r"(^|\s)#.*$", "", line) for line in path.read_text("utf-8").splitlines())
    unsupported = ("version:", "container_name:", "attach:", "profiles:", "required:", "start_interval:")
    assert [word for word in (*unsupported, "privileged:") if word in code] == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_hardened_limited_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"] and service["pids_limit"]
    assert name == KNOWLEDGEBASE or not {"cap_add", "user"} & service.keys()


def test_the_knowledgebase_is_that_of_the_basic_stack() -> None:
    for key in (
        "network_mode",
        "user",
        "cap_add",
        "tmpfs",
        "mem_limit",
        "pids_limit",
        "healthcheck",
        "command",
    ):
        assert SERVING["services"][KNOWLEDGEBASE][key] == BASIC["services"][KNOWLEDGEBASE][key]


def test_only_front_and_monitoring_are_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert sorted(published) == [FRONT, "grafana", "prometheus"]
    assert published.pop(FRONT) == ["${SERVE_ADDRESS:-127.0.0.1}:${SERVE_PORT:-8000}:8000"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert SERVING["services"]["api"]["networks"] == ["inner"]
    assert SERVING["networks"]["inner"] == {"internal": True}


def test_every_variable_of_the_server_can_be_set_on_the_host() -> None:
    source = (PROJECT.code.parent / "serving" / "environment.py").read_text(encoding="utf-8")
    variables = set(re.findall(r'"((?:SERVE|SELECTED)_\w+)"', source))
    in_the_container = {"SERVE_HOST", "SERVE_PORT"}
    assert (
        set(SERVING["services"]["api"]["environment"]) - {"OPENBLAS_CORETYPE"} == variables - in_the_container
    )


def test_the_front_has_the_limits_of_the_servers() -> None:
    limits = RequestLimits()
    assert f"client_header_timeout {limits.header_seconds:.0f}s;" in NGINX
    assert f"client_body_timeout {limits.body_seconds:.0f}s;" in NGINX
    assert f"large_client_header_buffers 4 {limits.headers // 4 // 1024}k;" in NGINX
    # A little more, so that the server itself responds to requests beyond its limits.
    assert f"client_max_body_size {max(limits.body, limits.image) // (1 << 20) + 1}m;" in NGINX
    assert f"client_max_body_size {limits.upload // (1 << 20) + 1}m;" in NGINX


def test_the_front_retries_predictions_but_no_step_of_a_session() -> None:
    blocks = dict(re.findall(r"location (?:= )?(\S+) \{(.*?)\n        \}", NGINX, re.DOTALL))
    repeated = {path: re.findall(r"proxy_next_upstream (.*?);", block) for path, block in blocks.items()}
    assert repeated["/"] == ["error timeout http_503 non_idempotent"]
    assert repeated["/sessions"] == repeated["/.tables"] == ["error timeout"]


def test_the_dashboard_has_the_data_source_that_is_provisioned() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text("utf-8"))
    uids = {source["uid"] for source in sources["datasources"]}
    dashboard = json.loads((GRAFANA / "dashboards/app07.json").read_text("utf-8"))
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == uids
    providers = yaml.safe_load((GRAFANA / "provisioning/dashboards/app07.yml").read_text("utf-8"))
    mounted = {mount["target"] for mount in MONITORING["services"]["grafana"]["volumes"]}
    assert {provider["options"]["path"] for provider in providers["providers"]} <= mounted
