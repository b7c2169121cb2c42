"""The packages and libraries of a container."""

from __future__ import annotations

import posixpath
import re

from pipeline.compose.building.sources.contents import Contents
from pipeline.compose.building.sources.reader import SourceReader
from pipeline.compose.checks.addresses import checked_url
from pipeline.compose.checks.names import is_branch
from pipeline.compose.checks.packages import checked_requirement, checked_system_package, requirement_name
from pipeline.compose.findings import shown
from pipeline.compose.stack import SourceFile


def add_packages(reader: SourceReader, found: Contents) -> None:
    """Add the packages and libraries of a container to its contents.

    Args:
        reader: the reader of the container.
        found: the contents to which they are added.
    """
    container = reader.container
    listed: dict[str, str] = {}
    for name, given in (
        ("dependencies", container.dependencies),
        ("pip_packages", container.pip_packages),
    ):
        for index, text in enumerate(given or ()):
            place = f"{reader.path}.{name}[{index}]"
            requirement = checked_requirement(text, place, reader.findings)
            if requirement is None:
                continue
            other = listed.setdefault(requirement_name(requirement), requirement)
            if other != requirement:
                reason = f"{shown(text)} is also listed as {shown(other)}"
                reader.findings.refuse(place, reason, "List it only once.")
    found.requirements += listed.values()
    for index, text in enumerate(container.system_packages or ()):
        package = checked_system_package(text, f"{reader.path}.system_packages[{index}]", reader.findings)
        if package and package not in found.system_packages:
            found.system_packages.append(package)
    for index, text in enumerate(container.custom_libraries or ()):
        _add_library(reader, found, text, f"{reader.path}.custom_libraries[{index}]", index)


def _add_library(reader: SourceReader, found: Contents, text: str, path: str, index: int) -> None:
    plain = text.removeprefix("git+")
    # The syntax of pip: git+https://HOST/PATH.git@BRANCH
    base, sign, branch = plain.rpartition("@")
    if not sign or "/" not in base.partition("://")[2]:
        base, branch = plain, ""
    is_git = text.startswith("git+") or base.endswith(".git")
    address = checked_url(base if is_git else plain, path, reader.policy, reader.findings, is_git=is_git)
    if address is None:
        return
    if is_git and sign and not is_branch(branch or "-"):
        reader.findings.refuse(
            path, f"{shown(branch)} is not a valid branch name", "Write .git@main, or omit the branch."
        )
        return
    name = (
        re.sub(r"[^A-Za-z0-9._-]", "_", posixpath.basename(address.partition("?")[0])).strip("._-")
        or "library"
    )
    folder = f"{found.folder}/libraries/{index + 1}"
    place = f"{folder}/" if is_git else f"{folder}/{name}"
    found.files.append(
        SourceFile(
            place,
            "library",
            address,
            format="git" if is_git else "file",
            branch=branch if is_git else "",
            request_path=path,
        )
    )
    found.libraries.append(place)
