"""The image of a container, from image, base_image, image_tag and python_version."""

from __future__ import annotations

import re

from pipeline.compose.building.aliases import one_of
from pipeline.compose.checks.images import Image, checked_image, parse_image
from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import PROJECT_IMAGES, Policy
from pipeline.compose.request import Container

_PYTHON_VERSION = re.compile(r"3\.(?:[89]|1[0-9])(?:\.[0-9]{1,2})?")
DEFAULT_PYTHON = "3.11"


def image_of(container: Container, path: str, policy: Policy, findings: Findings) -> Image | None:
    """Return the image of a container, or report why it is refused.

    Args:
        container: the container.
        path: its path in the request.
        policy: the repositories that are allowed.
        findings: collects problems.
    """
    place, name = one_of(
        {f"{path}.image": container.image, f"{path}.base_image": container.base_image}, findings
    )
    version = _python_version(container, f"{path}.python_version", findings)
    if name is None:
        if container.image_tag is not None and not version:
            findings.refuse(f"{path}.image_tag", "is set without an image", "Set image, too.")
            return None
        needs_python = version or container.dependencies or container.pip_packages or container.code_source
        name = f"python:{version or DEFAULT_PYTHON}-slim" if needs_python else "busybox:latest"
        version = ""
        if container.image_tag is not None:
            name = f"python:{container.image_tag}"
    elif container.image_tag is not None:
        name = _with_tag(name, container.image_tag, f"{path}.image_tag", findings)
    image = checked_image(name, place, policy, findings)
    return (
        _with_python(image, version, f"{path}.python_version", policy, findings)
        if image and version
        else image
    )


def is_from_this_project(image: Image) -> bool:
    """Return whether an image is built from this repository."""
    return image.registry == "docker.io" and image.base_name in PROJECT_IMAGES


def _with_tag(name: str, tag: str, path: str, findings: Findings) -> str:
    image = parse_image(name)
    if image is not None and (image.tag or image.digest) and image.tag != tag:
        findings.refuse(path, f"differs from the tag of {shown(name)}", "Set only one of the two.")
        return name
    return f"{name}:{tag}" if image is not None and not image.tag else name


def _python_version(container: Container, path: str, findings: Findings) -> str:
    if container.python_version is None:
        return ""
    text = str(container.python_version)
    if isinstance(container.python_version, bool) or not _PYTHON_VERSION.fullmatch(text):
        findings.refuse(
            path, f"{shown(text)} is not a supported Python version (3.8 or later)", 'Write "3.11".'
        )
        return ""
    return text


def _with_python(image: Image, version: str, path: str, policy: Policy, findings: Findings) -> Image | None:
    """Return the image with a Python version, which must not contradict the tag."""
    if image.base_name != "python" or image.digest:
        if not is_from_this_project(image):
            findings.refuse(
                path, f"{shown(image.text)} has no selectable Python version", "Set image to python."
            )
        elif version.split(".")[:2] != DEFAULT_PYTHON.split("."):
            findings.refuse(
                path, f"{shown(image.text)} always has Python {DEFAULT_PYTHON}", "Remove python_version."
            )
        return image
    if not image.tag or image.tag in ("latest", "slim"):
        return checked_image(f"{image.text.partition(':')[0]}:{version}-slim", path, policy, findings)
    if image.tag.split("-")[0] != version and not image.tag.startswith((f"{version}.", f"{version}-")):
        findings.refuse(path, f"differs from the tag of {shown(image.text)}", "Set only one of the two.")
    return image
