"""The faults of builds: why a build failed, and how to fix it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evaluation.causes.copied_files import explain_copy, line_that_fits, line_with
from evaluation.causes.explanation import log
from evaluation.causes.output import last_lines
from evaluation.evidence.evidence import Evidence
from evaluation.fault import ALONE, BUILD, CONTENT, COPY, HOLDS, LIBRARY, RUN, Fault
from evaluation.images.build_plan import BuildResult
from evaluation.images.context_folder import build_command
from evaluation.layout.places import Place

_PACKAGE = re.compile(r"No matching distribution found for ([^\s(]+)")
_VERSIONS = re.compile(r"\(from versions: ([^)]*)\)")
_WHEEL = re.compile(
    r"Failed (?:building wheel for|to build) ([\w.-]+)|error: command "
    r"'?[\w./-]*(?:gcc|g\+\+|gfortran)'? failed"
)
_APT = re.compile(r"E: Unable to locate package (\S+)|E: Package '([^']+)' has no installation candidate")
_NO_PROGRAM = re.compile(
    r"^(?:/bin/sh: )?(?:\d+: )?(?:line \d+: )?([\w.-]+): not found|exec: \"([^\"]+)\": "
    "executable file not found",
    re.MULTILINE,
)
_USER = re.compile(r"\s*USER\s+(?!root\b|0\b)", re.IGNORECASE)
_PYTHON = ("pip", "pip3", "python", "python3", "apt-get", "apt", "bash")
_NEEDS = re.compile(r"^Step \d+/\d+ : (.*)$", re.MULTILINE)


def build_faults(evidence: Evidence) -> Iterator[Fault]:
    """Yield a fault for each image that was not built.

    Args:
        evidence: the evidence collected for the submission.
    """
    for role in evidence.places.containers:
        number, build = role.number, evidence.known(Evidence.build_result, role)
        if build is None or build.ok:
            continue
        build = replace(build, output=last_lines(build.output))
        title, do_first, where = _explained(evidence, role, build)
        command = build_command(evidence.build_request(role), role.image)
        yield Fault(
            f"build-{number}", title, f"{role.folder} is not built: {build.reason}", do_first, (f"{BUILD}{number}",),
            (*_of_container(evidence, role), *RUN, *copies(evidence)),
            where or f"{role.dockerfile_path}", log(command, build.output.splitlines(), 10),
            missing=build.status is None,
        )  # fmt: skip


def copies(evidence: Evidence) -> tuple[str, ...]:
    """Return the parts of the pipeline that copy files.

    Args:
        evidence: the evidence collected for the submission.
    """
    return tuple(f"{part}{place.number}" for part in (COPY, CONTENT) for place in evidence.places.containers)


def _of_container(evidence: Evidence, role: Place) -> tuple[str, ...]:
    library = (LIBRARY,) if role == evidence.places.codebase else ()
    return (f"{HOLDS}{role.number}", f"{ALONE}{role.number}", *library)


def _explained(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str]:
    """Return the title, the advice and the location of a failed build."""
    for explain in (explain_copy, _package, _no_program, _no_permission):
        if (explained := explain(evidence, role, build)) is not None:
            return explained
    if build.status is None:  # it was not started
        title = build.reason.partition(";")[0]
        return title[:1].upper() + title[1:] if title.startswith("the ") else title, build.hint, ""
    title = f"The image {role.image} does not build"
    return title, build.hint or "Read the last lines of the build output.", _step(evidence, role, build)


def _package(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str] | None:
    if match := _PACKAGE.search(build.output):
        package = match.group(1)
        versions = _VERSIONS.search(build.output)
        known = [one.strip() for one in versions.group(1).split(",")] if versions else []
        exists = f"Available versions: {', '.join(known[-4:])}. " if known and known != ["none"] else ""
        return (
            f"pip cannot find {package}",
            exists + "Check the spelling and the version: it must exist for the Python of the base image.",
            line_with(evidence, role, re.split(r"[=<>~!]", package)[0]),
        )  # fmt: skip
    if wheels := _WHEEL.findall(build.output):
        package = max(wheels) or "a package"
        return (
            f"pip cannot build {package}",
            "There is no prebuilt wheel of this version for the Python of the base image, and no compiler. "
            "Choose a version "
            "that has one (NumPy 1.24.3 and SciPy 1.10.1 have wheels for Python 3.11), or another base image.",
            line_with(evidence, role, package),
        )  # fmt: skip
    if match := _APT.search(build.output):
        package = match.group(1) or match.group(2)
        return (
            f"apt cannot find {package}",
            "Run apt-get update in the same RUN, before apt-get install, and check the name for this Debian.",
            line_with(evidence, role, package),
        )  # fmt: skip
    return None


def _no_program(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str] | None:
    names = [match.group(1) or match.group(2) for match in _NO_PROGRAM.finditer(build.output)]
    name = names[-1] if names else ""
    if not name:
        return None
    stage = evidence.dockerfile(role).last
    base = stage.base if stage else "the base image"
    example = (
        ": FROM python:3.11-slim." if name in _PYTHON else "; busybox and alpine have no bash and no apt-get."
    )
    return (
        f"The base image {base} has no {name}",
        f"Choose a base image that contains the programs that the steps run{example}",
        f"{role.dockerfile_path}:{stage.line}" if stage else "",
    )  # fmt: skip


def _no_permission(evidence: Evidence, role: Place, build: BuildResult) -> tuple[str, str, str] | None:
    line = line_that_fits(evidence, role, _USER)
    if not line or "Permission denied" not in build.output:
        return None
    return (
        "A build step lacks permission to write its files",
        "Install and copy first, and let USER be the last step before CMD.", f"{role.dockerfile_path}:{line}",
    )  # fmt: skip


def _step(evidence: Evidence, role: Place, build: BuildResult) -> str:
    """Return the Dockerfile line of the failed step, which is the last one in the output, as FILE:LINE."""
    steps = _NEEDS.findall(build.output)
    words = steps[-1].split() if steps else []
    return line_with(evidence, role, " ".join(words[:2])) if words else ""
