"""The Dockerfile of a container whose base image lacks files or packages of the request."""

from __future__ import annotations

import json

from pipeline.compose.building.sources import Contents
from pipeline.compose.checks.images import Image
from pipeline.compose.checks.packages import requirement_name
from pipeline.compose.stack import SourceFile

_WITH_PYTHON = frozenset(["python", "pytorch", "tensorflow", "xla", "codebase_app07", "codebase_app07_gpu"])
_IGNORED = "shared_data\n*.zip\n"
LIBRARY = "/opt/pybrain"


def build_files(
    contents: Contents, image: Image, *, with_pybrain: bool, volumes: tuple[str, ...] = ()
) -> tuple[SourceFile, ...]:
    """Return the files that an image is built from: the Dockerfile, the files it copies, and the package lists.

    Args:
        contents: the files and packages added to the base image.
        image: the base image.
        with_pybrain: whether to copy the library of this project into the image, for code that loads its networks.
        volumes: the folders at which named volumes are mounted; a new volume gets the permissions of its folder.
    """
    folder = contents.folder
    requirements = list(contents.requirements)
    if with_pybrain and not any(requirement_name(text) == "numpy" for text in requirements):
        requirements.append("numpy")
    files = list(contents.files)
    if with_pybrain:
        files += [
            SourceFile(f"{folder}/library/{name}/", "library", format="project")
            for name in ("pybrain", "pybrain_runtime")
        ]
    if requirements:
        text = "".join(f"{line}\n" for line in requirements)
        files.append(SourceFile(f"{folder}/requirements.txt", "requirements", content=text))
    text = _dockerfile(contents, image, bool(requirements), with_pybrain, volumes)
    files.append(SourceFile(f"{folder}/Dockerfile", "dockerfile", content=text))
    files.append(SourceFile(".dockerignore", "dockerfile", content=_IGNORED))
    return tuple(files)


def _dockerfile(
    contents: Contents, image: Image, has_requirements: bool, with_pybrain: bool, volumes: tuple[str, ...]
) -> str:
    folder = contents.folder
    steps = [f"FROM {image.text}", "USER 0:0"]
    packages = list(contents.system_packages)
    needs_python = has_requirements or bool(contents.libraries) or contents.script.endswith(".py")
    adds_python = needs_python and image.base_name not in _WITH_PYTHON
    if adds_python:
        packages += ["python3"] if _is_alpine(image) else ["python3", "python3-venv"]
    if packages:
        steps.append(_install(packages, image))
    if adds_python:
        # The distribution's own Python refuses packages of the index.
        steps.append("RUN python3 -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH")
    if has_requirements:
        # Requirements before code: a change of the code does not reinstall the packages.
        steps.append(_copy(f"{folder}/requirements.txt", "/tmp/requirements.txt"))
        steps.append("RUN pip install --no-cache-dir -r /tmp/requirements.txt")
    for library in contents.libraries:
        name = library.removeprefix(f"{folder}/libraries/")
        steps.append(_copy(library, f"/tmp/libraries/{name}"))
        steps.append(f"RUN pip install --no-cache-dir /tmp/libraries/{name}")
    if with_pybrain:
        steps.append(_copy(f"{folder}/library/", f"{LIBRARY}/"))
        steps.append(f"ENV PYTHONPATH={LIBRARY}")
    steps += [_copy(source, target) for source, target in contents.copies]
    # Readable by every user; /signals gets its permissions from here when the volume is created.
    copied = " ".join(_quoted(target) for _, target in contents.copies)
    readable = f"chmod -R a+rX {copied} && " if copied else ""
    open_folders = " ".join(["/signals", *(_quoted(path) for path in volumes)])
    steps.append(f"RUN {readable}mkdir -p {open_folders} && chmod 1777 {open_folders}")
    steps.append("USER 10001:10001")
    return "# Written by the generator.\n" + "\n".join(steps) + "\n"


def _copy(source: str, target: str) -> str:
    return f"COPY {json.dumps([source, target])}"


def _quoted(path: str) -> str:
    return f"'{path}'"


def _is_alpine(image: Image) -> bool:
    return image.base_name == "alpine" or "alpine" in image.tag


def _install(packages: list[str], image: Image) -> str:
    names = " ".join(packages)
    if _is_alpine(image):
        return f"RUN apk add --no-cache {names}"
    return (
        "RUN apt-get update \\\n"
        f"    && apt-get install -y --no-install-recommends {names} \\\n"
        "    && rm -rf /var/lib/apt/lists/*"
    )
