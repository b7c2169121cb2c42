"""The facts that a document about a submission mentions: names of its files, folders, images, services; numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

from evaluation.layout.places import Places
from evaluation.submission.submission import Submission

# Names that many projects have identify none of them.
_COMMON = """
    readme license dockerfile docker-compose compose discussion requirements gitignore dockerignore main app src data
    model models docs doc output outputs input test tests utils script scripts config images image web api server client
    frontend backend database db volumes services service version build latest python python3 pip3 busybox alpine debian
    ubuntu docker container containers command network networks default bridge slim project code file files shared
    environment always healthcheck condition restart depends_on container_name service_healthy service_started
    service_completed_successfully unless-stopped on-failure no-cache-dir apt-get start_period stop_grace_period
    cap_drop cap_add security_opt read_only mem_limit pids_limit env_file working_dir network_mode cmd-shell
    no-new-privileges dev/null bin/sh bin/bash usr/local usr/bin linux/amd64 linux/arm64 entrypoint deploy resources
"""
_GENERIC = frozenset(_COMMON.split())
_TOKEN = re.compile(r"(?<![\w.-])[A-Za-z/.~][\w./-]{2,80}")
_SERVICE = re.compile(r"^(?: {1,4}|\t)([A-Za-z][\w-]*):\s*(?:#.*)?$", re.MULTILINE)
_IMAGE = re.compile(r"^\s*(?:-\s*)?(?:image|container_name):\s*[\"']?([\w./-]+)", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.\d+\.\d+|\d*\.\d{3,}|\d{4,5})(?![\w.])")
_MOST, _SHORTEST, _SHORTEST_PART = 500, 4, 6
_DEEP = 2
_LONGEST = 64 * 1024


class Identifiers:
    """The names and numbers of a submission.

    Args:
        submission: the submission.
        places: the locations of its containers and its compose file; None for the top level.
    """

    def __init__(self, submission: Submission, places: Places | None = None) -> None:
        self.submission = submission
        containers = places.containers if places is not None else ()
        self._compose_file = places.compose_file if places is not None else submission.compose_name
        self._dockerfiles = {place.dockerfile_path for place in containers}
        self._files = {place.file for place in containers}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of files, folders, images, services, paths and variables, in lower case."""
        kept = dict.fromkeys(name.lower().strip("./-") for name in (*self._of_files(), *self._of_settings()))
        return tuple(name for name in kept if len(name) >= _SHORTEST and name not in _GENERIC)[:_MOST]

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers with several digits in the submission's settings and tables."""
        return frozenset(number for text in self._settings() for number in _NUMBER.findall(text))

    def found_in(self, text: str) -> tuple[str, ...]:
        """Return the names that a document mentions; a part of a longer name that it mentions does not count again.

        Args:
            text: the document; ``container 1`` stands for ``container1`` and ``container_1``.
        """
        lower = text[:_LONGEST].lower()
        found = [name for name in self.names if _pattern(name).search(lower)]
        return tuple(name for name in found if not any(name != other and name in other for other in found))

    def numbers_in(self, text: str) -> tuple[str, ...]:
        """Return the numbers of the submission that a document mentions."""
        return tuple(dict.fromkeys(number for number in _NUMBER.findall(text) if number in self.numbers))

    def _of_files(self) -> Iterator[str]:
        for file in self.submission.files:
            parts = PurePosixPath(file).parts
            if len(parts) <= _DEEP or file in self._files or file in self._dockerfiles:
                name = PurePosixPath(parts[-1])
                if name.stem.lower() not in _GENERIC and name.name.lower() not in _GENERIC:
                    yield name.name
                for folder in parts[:-1]:
                    yield folder
                    yield from _parts(folder)

    def _of_settings(self) -> Iterator[str]:
        """Yield services, images, paths and variables of the compose file and the Dockerfiles."""
        for text in self._settings():
            for name in (*_SERVICE.findall(text), *_IMAGE.findall(text)):
                if name.lower() not in _GENERIC:
                    yield name
                    yield from _parts(name)
            for token in _TOKEN.findall(text):
                if re.search(r"[_./\d]|[a-z][A-Z]", token.strip("./-")):
                    yield token
                    yield from (part for part in token.split("/") if re.search(r"[_.\d]|[a-z][A-Z]", part))

    def _settings(self) -> Iterable[str]:
        for file in self.submission.files:
            is_dockerfile = file.count("/") < _DEEP and "dockerfile" in PurePosixPath(file).name.lower()
            if is_dockerfile or file == self._compose_file or file in self._dockerfiles:
                text = self.submission.text(file)[:_LONGEST]
                yield "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _parts(name: str) -> list[str]:
    """Return the meaningful parts of a compound name: ``container1`` and ``activationbase``."""
    parts = re.split(r"[_./-]", name.lower())
    long = [part for part in parts if len(part) >= _SHORTEST_PART or re.fullmatch(r"[a-z]{3,}\d+", part)]
    return long if len(parts) > 1 else []


@lru_cache(maxsize=2048)
def _pattern(name: str) -> re.Pattern[str]:
    parts = re.findall(r"[a-z]+|\d+|[^a-z\d]", name)
    written = "".join("[ _-]?" if part in "_- " else re.escape(part) for part in parts)
    written = re.sub(r"(?<=[a-z])(?=\d)", "[ _-]?", written)
    return re.compile(rf"(?<![\w]){written}(?![\w])")
