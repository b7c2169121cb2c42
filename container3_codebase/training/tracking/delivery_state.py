"""The state of sending a run, in ``tracking/sent.json``: what servers have acknowledged."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pybrain_runtime.errors import PipelineError
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.input_file import InputFile

_SIZE_LIMIT = 1 << 24


@dataclass
class Sent:
    """The part of a run that a server has acknowledged.

    Attributes:
        key: the key of the run in the record.
        run_id: the ID of the MLflow run; empty before it is created.
        experiment_id: the ID of its experiment.
        points: the number of metric values.
        artifacts: the SHA-256 of each artifact, by path.
        model_id: the ID of the logged model; empty without one.
        version: the version in the model registry; empty without one.
        complete: whether the run has ended and the server has all of it.
    """

    key: str
    run_id: str = ""
    experiment_id: str = ""
    points: int = 0
    artifacts: dict[str, str] = field(default_factory=dict)
    model_id: str = ""
    version: str = ""
    complete: bool = False


def read_sent(path: Path, uri: str, key: str) -> Sent:
    """Return the part of a run that a server has; nothing if the file is missing, damaged or about another run.

    Args:
        path: the file.
        uri: the address of the server.
        key: the key of the run.
    """
    about = _servers(path).get(uri)
    if not isinstance(about, dict) or about.get("key") != key:
        return Sent(key)
    try:
        found = Sent(**about)
    except TypeError:
        return Sent(key)
    expected = asdict(Sent(key))
    valid = all(type(value) is type(expected[name]) for name, value in asdict(found).items())
    return found if valid else Sent(key)


def is_unsent(path: Path, key: str) -> bool:
    """Return whether a run has to be sent to a server, and no server has all of it.

    Args:
        path: the file.
        key: the key of the run.
    """
    return is_expected(path, key) and not is_complete(path, key)


def is_expected(path: Path, key: str) -> bool:
    """Return whether a run has to be sent to a server, or was sent.

    Args:
        path: the file.
        key: the key of the run.
    """
    return bool(_states(path, key))


def is_complete(path: Path, key: str) -> bool:
    """Return whether a server has all of a run.

    Args:
        path: the file.
        key: the key of the run.
    """
    return any(_states(path, key))


def _states(path: Path, key: str) -> list[bool]:
    return [
        about.get("complete") is True
        for about in _servers(path).values()
        if isinstance(about, dict) and about.get("key") == key
    ]


def write_sent(path: Path, uri: str, sent: Sent) -> None:
    """Write the part of a run that a server has, without changing the entries of other servers.

    Args:
        path: the file.
        uri: the address of the server.
        sent: the part that the server has.

    Raises:
        CannotWrite: the file cannot be written.
    """
    known = {
        server: about
        for server, about in _servers(path).items()
        if isinstance(about, dict) and about.get("key") == sent.key
    }
    content = {"servers": {**known, uri: asdict(sent)}}
    file = AtomicFile(str(path))
    file.write((json.dumps(content, indent=1) + "\n").encode())
    file.finish()
    file.commit()


def _servers(path: Path) -> dict[str, Any]:
    try:
        with InputFile(path, "state of sending") as file:
            found = json.loads(file.read(_SIZE_LIMIT))["servers"]
    except (PipelineError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
