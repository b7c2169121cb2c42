"""Find the files to serve, with their model names and versions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pybrain_runtime.errors import PipelineError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.network.model_card import card_path
from serving.settings import Source

_NAME = re.compile(r"(?P<name>[\w-][\w.-]{0,127}?)(\.(?P<version>[0-9]{1,9}))?\.(pkl|xml|npz)(\.gz|\.bz2)?")
MODEL_SUFFIXES = (".pkl", ".xml", ".npz", ".pkl.gz", ".pkl.bz2", ".xml.gz", ".npz.gz")
"""The extensions that are tried, in this order, for a network that is named without one."""
_MOST_FILES = 1000
_LONGEST_PROBLEM = 2000
PROBLEM = "problem"
"""A file in a registered model's folder with the reason why the model is not up to date, written by its updater."""

Signature = tuple[tuple[int, ...] | None, tuple[int, ...] | None]


class ModelFile(NamedTuple):
    """A file, and the model and version that it is served as.

    Attributes:
        path: the file.
        name: the name of the model.
        version: the version, counted from 1.
        signature: a value that changes when the file or its card changes.
    """

    path: Path
    name: str
    version: int
    signature: Signature


class Found(NamedTuple):
    """The files of all sources.

    Attributes:
        files: the files, one for each version of each model.
        problems: the reason why a file is not served, by path.
    """

    files: tuple[ModelFile, ...]
    problems: dict[str, str]


def model_name(path: Path) -> str:
    """Return the model name of a file; empty if the file name is not that of a model."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return ""
    return match["name"] if match["version"] is None else f"{match['name']}.{match['version']}"


def find_files(sources: Sequence[Source]) -> Found:
    """Find the files of all sources; of two files with the same name and version, the first is served.

    ``NAME.pkl`` is the newest version of NAME; ``NAME.1.pkl`` and ``NAME.2.pkl`` are earlier versions.
    """
    problems: dict[str, str] = {}
    taken: dict[tuple[str, int], ModelFile] = {}
    for source in sources:
        for file in _files_of(source, problems):
            other = taken.setdefault((file.name, file.version), file)
            if other is not file:
                problems[str(file.path)] = (
                    f"Version {file.version} of {file.name} is already provided by {other.path.name}."
                )
    return Found(tuple(taken.values()), problems)


def _files_of(source: Source, problems: dict[str, str]) -> Iterator[ModelFile]:
    if source.name and not source.path.is_dir():
        if os.path.lexists(source.path):
            yield ModelFile(source.path, source.name, 1, signature_of(source.path))
        else:
            problems[str(source.path)] = f"{source.path.name} does not exist."
        return
    try:
        names = sorted(entry.name for entry in os.scandir(source.path))
    except OSError as error:
        problems[str(source.path)] = f"The folder cannot be read: {error.strerror}."
        return
    if source.registered and PROBLEM in names:
        problems[str(source.path)] = _text(source.path / PROBLEM)
    matches = [match for match in map(_NAME.fullmatch, names) if match and source.name in ("", match["name"])]
    if len(matches) > _MOST_FILES:
        problems[str(source.path)] = f"The folder has {len(matches)} networks; the limit is {_MOST_FILES}."
    newest = _newest(matches[:_MOST_FILES])
    for match in matches[:_MOST_FILES]:
        path = source.path / match.string
        version = int(match["version"] or newest[match["name"]])
        yield ModelFile(path, match["name"], version, signature_of(path))


def _text(path: Path) -> str:
    try:
        with InputFile(path, PROBLEM) as file:
            return file.read(_LONGEST_PROBLEM).decode("utf-8", "replace")
    except PipelineError as error:
        return error.message


def _newest(matches: Iterable[re.Match[str]]) -> dict[str, int]:
    """Return the version of each model's unnumbered file: one more than its highest numbered version."""
    newest: dict[str, int] = {}
    for match in matches:
        newest[match["name"]] = max(newest.get(match["name"], 1), int(match["version"] or 0) + 1)
    return newest


def signature_of(path: Path) -> Signature:
    """Return a value that changes when a file or its card is replaced or modified."""
    return _stat(path), _stat(card_path(str(path)))


def _stat(path: str | Path) -> tuple[int, ...] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
