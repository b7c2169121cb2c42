"""The services activationbase and knowledgebase in docker-compose.yml: `publish` in their images copies their files."""

from __future__ import annotations

from pipeline.compose.checkout.comments import SIGNALS
from pipeline.compose.stack import Mount, Service
from pipeline.compose.yaml_text import Commented, Raw, Value

_WAIT = Raw("${CODEBASE_WAIT:-300}")
SIGNALS_MOUNT = {"type": "volume", "source": "signals", "target": "/signals"}


def data_service(service: Service, *, chosen_by: str, others: tuple[str, ...] = ()) -> dict[str, Value]:
    """Return the entry of a data service.

    Args:
        service: the service of the default request.
        chosen_by: the prefix of the variables that select another file on the host, ``DATA`` or ``MODEL``.
        others: the folders of other containers that are also compared with their images.
    """
    context = service.build.context if service.build else ""
    folder = context.removeprefix("./")
    (copied,) = service.publications
    return {
        "<<": Raw("*data"),
        "image": Raw(f"{service.image}:${{IMAGE_TAG:-latest}}"),
        "build": _build(context, chosen_by),
        "command": _command(copied.source, copied.target, service.outdated),
        "environment": _environment(service.name, folder, copied.source, chosen_by),
        "volumes": [
            *_signals(is_first=bool(others)),
            *_checkout((folder, *others)),
            *_shared(service, is_first=bool(others)),
            *_selected(chosen_by),
        ],
    }


def _build(context: str, chosen_by: str) -> Value:
    if chosen_by == "DATA":
        return {"context": context}
    return {"context": context, "args": {"MODEL_FILE": Raw("${MODEL_FILE:-currentSolution.pkl}")}}


def _command(source: str, target: str, outdated: tuple[str, ...]) -> Value:
    words: list[Value] = ["publish", source, target, *outdated]
    if not outdated:
        return words
    return Commented(words, ("SOURCE TARGET, then the outputs of an earlier run, which are removed.",))


def _environment(name: str, folder: str, source: str, chosen_by: str) -> dict[str, Value]:
    found: dict[str, Value] = {"SELECTED_PATH": Raw(f"${{{chosen_by}_PATH:-}}")}
    built_from = f"{folder}/{source.rpartition('/')[2]}"
    if chosen_by == "MODEL":
        found["SELECTED_NAME"] = Raw("${MODEL_NAME:-}")
        built_from = f"{folder}/${{MODEL_FILE:-currentSolution.pkl}}"
    return {**found, "BUILT_FROM": Raw(built_from), "SIGNAL": f"/signals/{name}", "CODEBASE_WAIT": _WAIT}


def _signals(*, is_first: bool) -> list[Value]:
    return [Commented(SIGNALS_MOUNT, SIGNALS) if is_first else SIGNALS_MOUNT]


def _checkout(folders: tuple[str, ...]) -> list[Value]:
    comment = (
        "The build context of the image, to warn if it has changed since or belongs to another checkout."
    )
    mounts: list[Value] = [bind(f"./{folder}", f"/checkout/{folder}", read_only=True) for folder in folders]
    return [Commented(mounts[0], (comment,)), *mounts[1:]]


def _shared(service: Service, *, is_first: bool) -> list[Value]:
    comment = (
        "The folder is part of the repository: its owner becomes the owner of the files. If it did not exist, Docker",
        "would create it as root.",
    )
    mounts = [mount_of(mount) for mount in service.mounts]
    return [Commented(mounts[0], comment), *mounts[1:]] if is_first else mounts


def _selected(chosen_by: str) -> list[Value]:
    path = f"{chosen_by}_PATH"
    file = Commented(
        bind(Raw(f"${{{path}:-./models}}"), "/selected/file", read_only=True),
        (f"If {path} is not set, a folder is mounted instead, and not used.",),
    )
    if chosen_by == "DATA":
        return [file]
    models = bind("./models", "/models", read_only=True)
    folder = Commented(
        Raw("${MODEL_PATH:-./models/none}/..:/selected/folder:ro"),
        ("The folder of the file, for its model card (NAME.card.json).",),
    )
    return [models, file, folder]


def mount_of(mount: Mount) -> Value:
    """Return a mount of the default request in the long syntax, which does not create a missing folder."""
    return bind(mount.source, mount.target, read_only=mount.read_only)


def bind(source: str | Raw, target: str, *, read_only: bool = False) -> dict[str, Value]:
    """Return the bind mount of a folder or file.

    Args:
        source: the path on the host.
        target: the path in the container.
        read_only: whether the container may only read it.
    """
    found: dict[str, Value] = {"type": "bind", "source": source, "target": target}
    return {**found, "read_only": True} if read_only else found
