"""Check Docker, both versions of Compose, and the relevant settings of the engine."""

from __future__ import annotations

import json
import re

from pipeline.diagnosis.finding import HANGS, NOT_INSTALLED, NOTE, OK, Answer, Finding, Surroundings
from pipeline.diagnosis.image_checks import check_images

_LOCAL = "Without it, everything runs as local processes."
_WITHOUT_OLD_COMPOSE = 25
"""The first version of Docker with which docker-compose 1.29 cannot recreate containers."""


def check_docker(place: Surroundings) -> list[Finding]:
    """Check docker and its daemon, then what depends on the daemon: its mode, and the images."""
    answer = place.ask(["docker", "info", "--format", "{{json .}}"])
    info = _information(answer)
    version = info.get("ServerVersion")
    if not isinstance(version, str) or not version:
        return [_not_usable(place, answer, info)]
    found = [Finding("Docker", OK, f"Docker {version[:100]} responds")]
    if place.environment.get("DOCKER_HOST", "").startswith(("tcp://", "ssh://", "http")):
        text = "DOCKER_HOST names another machine, which does not see the folders of this one"
        found.append(Finding("Docker", NOTE, text, "unset DOCKER_HOST, or use --engine local."))
    return [*found, *_mode(place, info), *check_images(place)]


def check_compose(place: Surroundings) -> list[Finding]:
    """Check both versions of Compose; one is enough."""
    client = place.ask(["docker", "--version"])
    if client.status == NOT_INSTALLED:
        return []
    if client.status == HANGS:  # and so would every other command, one after the other
        return [Finding("Compose", NOTE, "not checked: docker did not respond in time")]
    versions = {}
    for name, command in {
        "docker compose": ["docker", "compose"],
        "docker-compose": ["docker-compose"],
    }.items():
        answer = place.ask([*command, "version", "--short"])
        if answer.status == 0 and (version := answer.last_line.lstrip("v")):
            versions[name] = version
    if not versions:
        advice = "Install the package docker-compose-plugin, or docker-compose. " + _LOCAL
        return [
            Finding("Compose", NOTE, "neither `docker compose` nor `docker-compose` is installed", advice)
        ]
    text = ", ".join(f"{name} {version}" for name, version in versions.items())
    found = [Finding("Compose", OK, text)]
    old = versions.get("docker-compose", "").startswith("1.")
    if (
        old
        and _major(place.ask(["docker", "version", "--format", "{{.Server.Version}}"]))
        >= _WITHOUT_OLD_COMPOSE
    ):
        text = "docker-compose 1.29 fails with 'ContainerConfig' when it recreates containers of this Docker"
        found.append(
            Finding("Compose", NOTE, text, "Use `docker compose`, or run docker-compose down first.")
        )
    return found


def _information(answer: Answer) -> dict[str, object]:
    line = next((line for line in answer.output.splitlines() if line.startswith("{")), "{}")
    try:
        info = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}


def _not_usable(place: Surroundings, answer: Answer, info: dict[str, object]) -> Finding:
    if answer.status == NOT_INSTALLED:
        return Finding("Docker", NOTE, "not installed", f"Install Docker to run containers. {_LOCAL}")
    errors = info.get("ServerErrors")
    reason = str(errors[0])[:300] if isinstance(errors, list) and errors else answer.last_line
    if "permission denied" in f"{reason} {answer.output}".lower():
        advice = "sudo usermod -aG docker $USER, then log in again; or use --engine local."
        return Finding("Docker", NOTE, "this user may not use the Docker daemon's socket", advice)
    start = "Start Docker Desktop" if place.system != "Linux" else "Start it: sudo systemctl start docker"
    shown = "in time" if answer.status == HANGS else f": {reason.rstrip('.')}"
    return Finding(
        "Docker", NOTE, f"the daemon does not respond {shown}".replace(" :", ":"), f"{start}. {_LOCAL}"
    )


def _mode(place: Surroundings, info: dict[str, object]) -> list[Finding]:
    """Return findings about rootless engines, control groups and SELinux."""
    found = []
    options = info.get("SecurityOptions")
    rootless = isinstance(options, list) and "name=rootless" in options
    if rootless and info.get("MemoryLimit") is False:
        advice = "Delegate control groups to your user, or the limits of the compose files have no effect."
        found.append(Finding("Docker", NOTE, "rootless, without limits on memory", advice))
    elif rootless:
        found.append(Finding("Docker", OK, "rootless: root in a container is your user"))
    try:
        enforces = (place.root / "sys/fs/selinux/enforce").read_text(encoding="ascii").strip() == "1"
    except (OSError, ValueError):
        enforces = False
    if enforces and place.is_checkout:
        advice = "If a container may not write there: sudo chcon -Rt container_file_t shared_data"
        found.append(Finding("SELinux", NOTE, "enforcing; it may keep containers from shared_data/", advice))
    return found


def _major(answer: Answer) -> int:
    """Return the first number of a version; 0 if there is none."""
    found = re.match(r"(\d{1,4})\.", answer.last_line)
    return int(found[1]) if found and answer.status == 0 else 0
