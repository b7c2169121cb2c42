"""Traps in the Dockerfiles and in the compose file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluation.dockerfiles.dockerfile import Instruction
from evaluation.evidence.evidence import Evidence
from evaluation.layout.patterns import plain_name
from evaluation.result import ADVICE
from evaluation.traps.base import Places, Trap, detects
from evaluation.traps.programs import IGNORED_STATUS

_COMPILERS = re.compile(r"\b(build-essential|gcc|g\+\+|gfortran|clang|build-base)\b")
_REMOVED = re.compile(r"(apt-get|apt)\s+(purge|remove|autoremove)|apk\s+del")
_WITH_A_VALUE = ("-t", "--target", "-i", "--index-url", "-c", "--constraint", "-f", "--find-links")
_PACKAGE = re.compile(r"[A-Za-z][\w-]*(\[[\w,-]+\])?([<>~!]=?[\w.,<>=*]+)?")
_QUOTES = "\"'"
_PIP = re.compile(r"\bpip3?\s+install\s+([^;&|]*)")


ROOT_USER = Trap(
    "root-user", "The container runs as root", ADVICE,
    "End the Dockerfile with a line such as USER 10001: a mistake in the program then cannot do what root "
    "can. On Linux, that "
    "user needs write permission for the shared folder.",
)  # fmt: skip


@detects(ROOT_USER)
def root_user(evidence: Evidence) -> Places:
    """Find containers that run as root."""
    for role in evidence.places.containers:
        dockerfile = evidence.dockerfile(role)
        if dockerfile.last is None:
            continue
        users = [instruction for instruction in dockerfile.own_layers if instruction.keyword == "USER"]
        name = users[-1].text.partition(":")[0] if users else "root"
        if name in ("root", "0"):
            path = f"{role.dockerfile_path}"
            line = f":{users[-1].line}" if users else ""
            yield (
                path + line,
                f"{role.image} has no USER line, so it runs as root" if not users else f"USER {name}",
            )


COMPILER_LEFT = Trap(
    "compiler-left", "A compiler remains in the image", ADVICE,
    "Build in a first stage (FROM ... AS build) and copy only its result, or do without a compiler: NumPy and SciPy "
    "are available as wheels.",
)  # fmt: skip


@detects(COMPILER_LEFT)
def compiler_in_the_image(evidence: Evidence) -> Places:
    """Find compilers in the codebase image, if it has been inspected."""
    run = evidence.known(Evidence.compilers)
    if run is not None and run.ok and run.output.strip():
        names = sorted({line.rpartition("/")[2] for line in run.output.split()})
        yield (
            evidence.places.codebase.dockerfile_path,
            f"the image of codebase contains {', '.join(names[:6])}",
        )


@detects(COMPILER_LEFT)
def compiler_installed(evidence: Evidence) -> Places:
    """Find Dockerfiles that install a compiler, if the image has not been inspected."""
    if evidence.known(Evidence.compilers) is not None:
        return  # the image itself has been inspected
    for path, instruction in _run_lines(evidence):
        match = _COMPILERS.search(instruction.text)
        if (
            match
            and re.search(r"install|apk\s+add", instruction.text)
            and not _REMOVED.search(instruction.text)
        ):
            yield f"{path}:{instruction.line}", f"{match.group(1)} is installed and not removed"


def _run_lines(evidence: Evidence) -> Iterator[tuple[str, Instruction]]:
    for role in evidence.places.containers:
        for instruction in evidence.dockerfile(role).own_layers:
            if instruction.keyword == "RUN":
                yield f"{role.dockerfile_path}", instruction


UNPINNED = Trap(
    "unpinned", "Versions are not fixed", ADVICE,
    "Pin the version (python:3.11-slim, scipy==1.10.1): what builds today may fail to build, or give other results, "
    "in half a year.",
)  # fmt: skip


@detects(UNPINNED)
def unpinned(evidence: Evidence) -> Places:
    """Find base images and packages without a version."""
    for role in evidence.places.containers:
        path = f"{role.dockerfile_path}"
        for image in evidence.dockerfile(role).images:
            name, _, tag = plain_name(image.name).partition(":")
            if tag in ("", "latest") and "@" not in image.name:
                yield (
                    f"{path}:{image.line}",
                    f"{image.name} refers to another {name} whenever a new one is published",
                )
        for stage in evidence.dockerfile(role).stages:
            for instruction in stage.instructions:
                if instruction.keyword == "RUN":
                    yield from _unpinned_packages(
                        evidence, f"{path}:{instruction.line}", instruction.text, role.folder
                    )


def _unpinned_packages(evidence: Evidence, where: str, text: str, folder: str) -> Places:
    for match in _PIP.finditer(text):
        words = iter(match.group(1).split())
        for word in words:
            if word in ("-r", "--requirement"):
                yield from _unpinned_lines(evidence, f"{folder}/{next(words, '').rpartition('/')[2]}")
            elif word in _WITH_A_VALUE:
                next(words, None)
            elif _PACKAGE.fullmatch(word.strip("\"'")) and not word.endswith((".whl", ".txt")):
                yield where, f"pip install {word.strip(_QUOTES)}"


def _unpinned_lines(evidence: Evidence, name: str) -> Places:
    for number, line in enumerate(evidence.submission.text(name).splitlines(), 1):
        plain = line.split("#")[0].strip()
        if plain and not plain.startswith("-") and "==" not in plain and " @ " not in plain:
            yield f"{name}:{number}", plain[:60]


OBSOLETE_VERSION = Trap(
    "obsolete-version", "The compose file has the obsolete key `version:`", ADVICE,
    "Remove the line. Compose 2 ignores the key and warns about it on every run; 1.29 does not need it.",
)  # fmt: skip


@detects(OBSOLETE_VERSION)
def obsolete_version(evidence: Evidence) -> Places:
    """Find the key ``version`` in the compose file."""
    compose = evidence.compose
    if "version" in compose.data:
        yield compose.where("version"), f"version: {compose.data['version']}"


FIXED_NAMES = Trap(
    "fixed-names", "container_name fixes the names of containers", ADVICE,
    "Remove the key: with it, two copies of the project cannot run on one machine, and an old container with the "
    "same name prevents a new run.",
)  # fmt: skip


@detects(FIXED_NAMES)
def fixed_names(evidence: Evidence) -> Places:
    """Find services with a ``container_name``."""
    for name, content in evidence.compose.services.items():
        if content.get("container_name"):
            yield (
                evidence.compose.where(name),
                f"the container of {name} is always named {content['container_name']}",
            )


@detects(IGNORED_STATUS)
def discarded_exit_status(evidence: Evidence) -> Places:
    """Find commands that end with ``|| true``."""
    for role in evidence.places.containers:
        for instruction in evidence.dockerfile(role).own_layers:
            if instruction.keyword in ("RUN", "CMD", "ENTRYPOINT") and re.search(
                r"\|\|\s*(true|:|exit 0)\s*($|[;&\"'\]])", instruction.text
            ):
                yield (
                    f"{role.dockerfile_path}:{instruction.line}",
                    "|| true discards the exit status of the command",
                )
    for name, content in evidence.compose.services.items():
        command = content.get("command")
        text = command if isinstance(command, str) else " ".join(map(str, command or []))
        if re.search(r"\|\|\s*(true|:|exit 0)\s*$", text.strip().strip("\"'")):
            yield evidence.compose.where(name), f"the command of {name} discards its exit status"


def look_for_compilers(evidence: Evidence) -> None:
    """Look for compilers in the codebase image, if it has been built."""
    build = evidence.known(Evidence.build_result, evidence.places.codebase)
    if build is not None and build.ok:
        evidence.obtain(Evidence.compilers)
