"""Collect the files of a bundle, both fetched and generated."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.bundles.addresses import SourceHost
from pipeline.bundles.archive import Entry, check_name, files_of
from pipeline.bundles.bundle_limits import MIB, BundleLimits
from pipeline.bundles.errors import BundleTooLarge, SourceError, SourceFailed, SourceRefused
from pipeline.bundles.fetch_process import fetch_in_process
from pipeline.bundles.git_source import clone_files
from pipeline.bundles.model_process import ModelFacts, check_model
from pipeline.bundles.urls import shown_url
from pipeline.compose import SourceFile

_PACKAGES = frozenset({"pybrain", "pybrain3", "pybrain_runtime"})
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class SourceRecord:
    """The origin of a fetched file or repository.

    Attributes:
        path: the path in the bundle.
        url: the URL that it was fetched from, after redirects, without its query.
        sha256: the SHA-256 of a file in hexadecimal; empty for a repository.
        commit: the commit of a repository; empty for a file.
        size: the size in bytes.
        demanded: whether the request states this hash or commit.
        about: a description of a model; empty for other files.
    """

    path: str
    url: str
    sha256: str = ""
    commit: str = ""
    size: int = 0
    demanded: bool = False
    about: str = ""


class Collector:
    """The files of one bundle.

    Args:
        work: an empty folder for the fetched files until the bundle is written.
        project: the folder with the packages of this project.
        named: hosts that may have any address.
        limits: the limits on fetched files.

    Attributes:
        entries: the files by path.
        folders: the paths of the empty folders.
        sources: the fetched files and repositories.
        warnings: the files that were left out.
    """

    def __init__(self, work: Path, project: Path, named: frozenset[SourceHost], limits: BundleLimits) -> None:
        self.entries: dict[str, Entry] = {}
        self.folders: set[str] = set()
        self.sources: list[SourceRecord] = []
        self.warnings: list[str] = []
        self._work = work
        self._project = project
        self._named = named
        self._limits = limits
        self._ends = time.monotonic() + limits.seconds
        self._size = 0
        self._names: set[str] = set()

    def add(self, file: SourceFile) -> None:
        """Add a file, or the files of a repository.

        Args:
            file: the file or repository that the generated file expects.

        Raises:
            SourceError: the source cannot be fetched, or is refused; the error has its path in the request.
            BundleTooLarge: the bundle has too many sources, or too many bytes.
        """
        with self._placed(file):
            check_name(file.path)
        if file.source:
            with self._placed(file):
                self._fetch(file)
        elif file.format == "project":
            self._add_package(file)
        elif file.path.endswith("/"):
            self.folders.add(file.path)
        else:
            self.put(file.path, Entry(file.content.encode("utf-8"), is_program=file.path.endswith(".sh")))

    def _add_package(self, file: SourceFile) -> None:
        """Add a package of this project, without compiled files."""
        name = file.path.removesuffix("/").rpartition("/")[2]
        if name not in _PACKAGES:
            raise SourceRefused(f"{name[:40]!a} is not a package of this project.", path=file.request_path)
        for path, entry in files_of(self._project / name, file.path):
            if "__pycache__" not in path.split("/"):
                self.put(path, entry)

    def put(self, path: str, entry: Entry) -> None:
        """Add one file.

        Args:
            path: the path in the bundle.
            entry: the file.

        Raises:
            SourceRefused: the bundle already has a file of this name, even if it differs only in case.
        """
        if path.lower() in self._names:
            raise SourceRefused(
                f"{path} appears twice in the bundle; names that differ only in case count as equal."
            )
        self._names.add(path.lower())
        self.entries[path] = entry

    @contextmanager
    def _placed(self, file: SourceFile) -> Iterator[None]:
        try:
            yield
        except SourceError as error:
            error.path = error.path or file.request_path
            error.url = error.url or file.source
            raise

    def _fetch(self, file: SourceFile) -> None:
        if len(self.sources) >= self._limits.sources:
            raise BundleTooLarge(
                f"The request has more than {self._limits.sources} files and repositories to fetch."
            )
        folder = self._work / str(len(self.sources))
        folder.mkdir()
        record = self._repository(file, folder) if file.format == "git" else self._file(file, folder)
        self.sources.append(record)
        self._size += record.size
        if self._size > self._limits.total_size:
            raise BundleTooLarge(f"The fetched files exceed {self._limits.total_size // MIB} MiB in total.")

    def _remaining(self) -> BundleLimits:
        """Return the limits, with time limits of at most the time that remains for the bundle."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise SourceFailed(f"The files of the bundle were not fetched within {self._limits.seconds:g} s.")
        limits = self._limits
        return replace(
            limits,
            fetch_seconds=min(limits.fetch_seconds, seconds),
            clone_seconds=min(limits.clone_seconds, seconds),
        )

    def _file(self, file: SourceFile, folder: Path) -> SourceRecord:
        fetched, found = fetch_in_process(file.source, file.kind, folder, self._named, self._remaining())
        if file.sha256 and found.sha256 != file.sha256.lower():
            raise SourceRefused(
                f"{shown_url(file.source)} has the SHA-256 {found.sha256}; the request states {file.sha256.lower()}."
            )
        about = self._checked_model(file, fetched, folder) if file.kind == "model" else ""
        self.put(file.path, Entry(fetched))
        return SourceRecord(
            file.path, found.url, found.sha256, size=found.size, demanded=bool(file.sha256), about=about
        )

    def _checked_model(self, file: SourceFile, fetched: Path, folder: Path) -> str:
        process_folder = folder / "check"
        process_folder.mkdir()
        model = check_model(fetched, file.path.rpartition("/")[2], process_folder, self._limits)
        _check_shape("input", file.input_shape, model.inputs)
        _check_shape("output", file.output_shape, model.outputs)
        return _described(model)

    def _repository(self, file: SourceFile, folder: Path) -> SourceRecord:
        found = clone_files(file.source, file.branch, folder, self._named, self._remaining())
        prefix = file.path if file.path.endswith("/") else f"{file.path}/"
        size = 0
        for path, entry in files_of(found.folder, prefix):
            self.put(path, entry)
            size += entry.size()
        self.warnings += [f"{prefix}{text}" for text in found.warnings]
        demanded = bool(_COMMIT.fullmatch(file.branch))
        return SourceRecord(prefix, shown_url(file.source), commit=found.commit, size=size, demanded=demanded)


def _check_shape(which: str, expected: tuple[int, ...], found: int) -> None:
    """Check the number of inputs or outputs of a model; the first dimension of a shape may be the number of rows."""
    size = 1
    for number in expected[-1:] if len(expected) == 2 and expected[0] < 1 else expected:
        size *= number
    if expected and size != found:
        shape = ", ".join(map(str, expected))
        raise SourceRefused(f"The model has {found} {which}s; the request states the shape ({shape}).")


def _described(model: ModelFacts) -> str:
    return f"{model.kind}, {model.inputs} inputs, {model.outputs} outputs, {model.format}"
