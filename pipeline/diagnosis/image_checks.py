"""Check whether the images that `docker-compose up` runs contain the files of the checkout."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from common.project import ACTIVATIONBASE, CODEBASE, SERVICES, Service
from pipeline.diagnosis.finding import NOTE, OK, Finding, Surroundings
from pybrain_runtime.container.image_check import BUILT_FROM


def check_images(place: Surroundings) -> list[Finding]:
    """Compare the images tagged ``latest`` with the files that they are built from."""
    if not place.is_checkout:
        return []
    missing, outdated = [], []
    for service in SERVICES:
        inside = _digest_inside(place, service)
        if inside is None:
            missing.append(service.image)
        elif inside != _digest_of_checkout(place, service):
            outdated.append(service.image)
    if outdated:
        text = f"{', '.join(outdated)}: not built from the files of this checkout"
        advice = "Run docker-compose up --build; App07.py builds them automatically."
        return [Finding("images", NOTE, text, advice)]
    if missing:
        return [Finding("images", OK, f"not built yet: {', '.join(missing)}")]
    return [Finding("images", OK, "built from the files of this checkout")]


def _digest_inside(place: Surroundings, service: Service) -> str | None:
    """Return the digest of the file, or the code, that an image contains; None if there is no image."""
    if place.ask(["docker", "image", "inspect", "--format", "{{.Id}}", service.image]).status:
        return None
    program = ("cat", BUILT_FROM) if service.name == CODEBASE else ("sha256sum", service.inside)
    answer = place.ask(_run_in(service.image, program))
    words = answer.output.split()
    return words[0] if answer.status == 0 and words else ""


def _run_in(image: str, program: Sequence[str]) -> list[str]:
    options = ["--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--pull", "never"]
    return ["docker", "run", *options, "--entrypoint", program[0], image, *program[1:]]


def _digest_of_checkout(place: Surroundings, service: Service) -> str:
    """Return the digest of the file, or the code, of the checkout; empty if it cannot be computed."""
    layout = place.layout
    if service.name == CODEBASE:
        folder = layout.context(service)
        script, requirements = folder / "built_from.sh", folder / "requirements.txt"
        answer = place.ask(["sh", str(script), str(layout.code), str(requirements), str(folder)])
        return answer.output.strip() if answer.status == 0 else ""
    path = layout.own_activation if service.name == ACTIVATIONBASE else layout.own_knowledge
    return hashlib.sha256(path.read_bytes()).hexdigest()
