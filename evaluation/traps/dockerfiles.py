"""Traps that stand in the Dockerfiles and in the compose file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluation.dockerfiles.dockerfile import Instruction
from evaluation.engine.image_names import plain_name
from evaluation.evidence.evidence import Lab
from evaluation.traps.base import COMPILERS, Detector, Seen
from pipeline.project import SERVICES

_COMPILERS = re.compile(r"\b(build-essential|gcc|g\+\+|gfortran|clang|build-base)\b")
_REMOVED = re.compile(r"(apt-get|apt)\s+(purge|remove|autoremove)|apk\s+del")
_WITH_A_VALUE = ("-t", "--target", "-i", "--index-url", "-c", "--constraint", "-f", "--find-links")
_PACKAGE = re.compile(r"[A-Za-z][\w-]*(\[[\w,-]+\])?([<>~!]=?[\w.,<>=*]+)?")
_QUOTES = "\"'"
_PIP = re.compile(r"\bpip3?\s+install\s+([^;&|]*)")


def root_user(lab: Lab) -> Seen:
    for role in SERVICES:
        dockerfile = lab.dockerfile(role)
        if dockerfile.last is None:
            continue
        users = [one for one in dockerfile.own_layers if one.keyword == "USER"]
        name = users[-1].text.partition(":")[0] if users else "root"
        if name in ("root", "0"):
            path = f"{role.folder}/Dockerfile"
            line = f":{users[-1].line}" if users else ""
            yield (
                path + line,
                f"{role.image} has no USER line, so it runs as root" if not users else f"USER {name}",
            )


def compiler_installed(lab: Lab) -> Seen:
    if lab.if_known("alone", SERVICES[2], COMPILERS) is not None:
        return  # the image itself has been looked into
    for path, one in _run_lines(lab):
        found = _COMPILERS.search(one.text)
        if found and re.search(r"install|apk\s+add", one.text) and not _REMOVED.search(one.text):
            yield f"{path}:{one.line}", f"{found.group(1)} is installed and stays"


def _run_lines(lab: Lab) -> Iterator[tuple[str, Instruction]]:
    for role in SERVICES:
        for one in lab.dockerfile(role).own_layers:
            if one.keyword == "RUN":
                yield f"{role.folder}/Dockerfile", one


def unpinned(lab: Lab) -> Seen:
    for role in SERVICES:
        path = f"{role.folder}/Dockerfile"
        for image in lab.dockerfile(role).images:
            name, _, tag = plain_name(image.name).partition(":")
            if tag in ("", "latest") and "@" not in image.name:
                yield (
                    f"{path}:{image.line}",
                    f"{image.name} is whatever {name} is newest on the day of the build",
                )
        for stage in lab.dockerfile(role).stages:
            for one in stage.instructions:
                if one.keyword == "RUN":
                    yield from _unpinned_packages(lab, f"{path}:{one.line}", one.text, role.folder)


def _unpinned_packages(lab: Lab, where: str, text: str, folder: str) -> Seen:
    for found in _PIP.finditer(text):
        words = iter(found.group(1).split())
        for word in words:
            if word in ("-r", "--requirement"):
                yield from _unpinned_lines(lab, f"{folder}/{next(words, '').rpartition('/')[2]}")
            elif word in _WITH_A_VALUE:
                next(words, None)
            elif _PACKAGE.fullmatch(word.strip("\"'")) and not word.endswith((".whl", ".txt")):
                yield where, f"pip install {word.strip(_QUOTES)}"


def _unpinned_lines(lab: Lab, name: str) -> Seen:
    for number, line in enumerate(lab.submission.text(name).splitlines(), 1):
        plain = line.split("#")[0].strip()
        if plain and not plain.startswith("-") and "==" not in plain and " @ " not in plain:
            yield f"{name}:{number}", plain[:60]


def obsolete_version(lab: Lab) -> Seen:
    compose = lab.compose()
    if "version" in compose.data:
        yield compose.where("version"), f"version: {compose.data['version']}"


def fixed_names(lab: Lab) -> Seen:
    for name, content in lab.compose().services.items():
        if content.get("container_name"):
            yield lab.compose().where(name), f"{name} is always called {content['container_name']}"


def status_thrown_away(lab: Lab) -> Seen:
    for role in SERVICES:
        for one in lab.dockerfile(role).own_layers:
            if one.keyword in ("RUN", "CMD", "ENTRYPOINT") and re.search(
                r"\|\|\s*(true|:|exit 0)\s*($|[;&\"'\]])", one.text
            ):
                yield f"{role.folder}/Dockerfile:{one.line}", "|| true throws the status of the command away"
    for name, content in lab.compose().services.items():
        command = content.get("command")
        text = command if isinstance(command, str) else " ".join(map(str, command or []))
        if re.search(r"\|\|\s*(true|:|exit 0)\s*$", text.strip().strip("\"'")):
            yield lab.compose().where(name), f"the command of {name} throws its status away"


DETECTORS: tuple[Detector, ...] = (
    ("ignored-status", status_thrown_away),
    ("compiler-left", compiler_installed),
    ("root-user", root_user),
    ("unpinned", unpinned),
    ("obsolete-version", obsolete_version),
    ("fixed-names", fixed_names),
)
