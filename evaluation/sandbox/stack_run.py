"""Runs the stack with the literal command of the task, and keeps what happened."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from evaluation.compose.safe_stack import SafeService, SafeStack
from evaluation.engine.session import DISK, EngineSession
from evaluation.errors import CannotCheck
from evaluation.processes import bounded_process
from evaluation.quotas import MIB
from evaluation.sandbox.container_run import declared_volumes, why_stopped
from evaluation.sandbox.volumes import VolumeEntry, Volumes
from evaluation.submission.submission import Submission
from pipeline import atomic_files, process
from pipeline.project import SHARED_FOLDER

# Of a stack, those that its images declare among them.
MOST_VOLUMES = 16
OUT_OF_MEMORY = "out of memory"
# Kinds of mounts that begin as an empty volume.
_OWN_VOLUME = ("named", "anonymous", "elsewhere")
# How long a run may take that only shows what the containers do when nobody stops them.
LOOK_SECONDS = 30.0
# What a container gets to end when it is stopped. For codebase what Docker gives everybody: what it still writes after
# the stack was stopped is there when the tutor looks. The others have copied by then, and are not waited for.
CODE_GRACE, DATA_GRACE = "10s", "1s"
UP = ("up", "--abort-on-container-exit")
_LINE = re.compile(r"^\s*([A-Za-z0-9._-]+?)(?:[-_]\d+)?\s+\| ?(.*)$")


@dataclass(frozen=True)
class Life:
    """One container of the stack, from start to end.

    Attributes:
        service: its service.
        started: when; None where it never was.
        ended: when; None where it never ran, or still did when it was looked at.
        status: its exit status; None without an end.
        remark: out of memory, and the like.
        restarts: how often the engine started it again; only its last life can be seen then.
    """

    service: str
    started: datetime | None
    ended: datetime | None
    status: int | None
    remark: str = ""
    restarts: int = 0


@dataclass(frozen=True)
class StackRun:
    """One run of the stack.

    Attributes:
        typed: the command, as a tutor types it.
        status: its exit status.
        seconds: how long it took.
        stopped: why it had to be stopped, in words; empty where it ended by itself.
        lives: of the containers, in the order of their starts.
        log: what they printed: service and line.
        output: everything that was printed.
        shared: what lay in the shared folder afterwards, by name.
        other: what lay in the other folders that could be written, by folder and name.
        kept: the last lines of each container as the engine kept them. Compose does not show them all: a tutor who
            types the command sees `log`, and nothing else counts.
    """

    typed: str
    status: int
    seconds: float
    stopped: str
    lives: tuple[Life, ...]
    log: tuple[tuple[str, str], ...]
    output: str
    shared: Mapping[str, VolumeEntry]
    other: Mapping[str, Mapping[str, VolumeEntry]]
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def life(self, service: str) -> Life | None:
        return next((life for life in self.lives if life.service == service), None)

    def copied(self, name: str) -> VolumeEntry | None:
        """A file in the shared folder; in shared_data, where the whole project is shared."""
        return self.shared.get(name) or self.shared.get(f"{SHARED_FOLDER}/{name}")

    @property
    def first_to_end(self) -> Life | None:
        """The container whose end ended the stack."""
        ended = [life for life in self.lives if life.ended is not None and not life.restarts]
        return min(ended, key=lambda life: life.ended or datetime.max, default=None)

    def lines_of(self, service: str) -> list[str]:
        """What one service printed."""
        return [line for name, line in self.log if name == service]


class Stack:
    """A safe stack that can be run, again and again, from the same beginning.

    Args:
        workshop: where.
        submission: whose files it sees.
        stack: what was found safe.
        images: the image of each service, as it is called here.
        shared: the source of the folder that the services share.
        code: the service of codebase; empty where there is none.
        folder: a folder of our own.
    """

    def __init__(
        self,
        engine: EngineSession,
        submission: Submission,
        stack: SafeStack,
        images: Mapping[str, str],
        shared: str,
        code: str,
        folder: Path,
    ) -> None:
        self.engine = engine
        self.submission = submission
        self.stack = stack
        self.images = images
        self.shared = shared
        self.code = code
        self.folder = folder
        self._runs = 0

    def exchanged(self, submission: Submission, images: Mapping[str, str], attempt: int) -> Stack:
        """The same stack with other files of the submission, and with other images for some services."""
        images = {**self.images, **images}
        other = Stack(self.engine, submission, self.stack, images, self.shared, self.code, self.folder)
        other._runs = self._runs + 100 * attempt  # another name for its project and its folder
        return other

    def run(self, *, abort: bool = True) -> StackRun:
        """Runs the stack to its end.

        Args:
            abort: with `--abort-on-container-exit`, as the task asks; without, to see what each container does
                by itself.

        Raises:
            CannotCheck: the engine did not do its part.
        """
        self._runs += 1
        place = self.folder / f"stack{self._runs}"
        place.mkdir()
        place.joinpath("tmp").mkdir()
        try:
            with Volumes(self.engine, self._volumes(), place / "tmp") as volumes:
                self._fill(volumes)
                return self._up(place, volumes, abort)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    # --- what the services see

    def _written(self) -> list[str]:
        """The folders of the submission that get a volume: what is written to, and what is seen in parts."""
        mounts = [mount for service in self.stack.services.values() for mount in service.mounts]
        folders = {mount.source for mount in mounts if mount.kind == "folder"}
        written = {mount.source for mount in mounts if mount.kind == "folder" and not mount.read_only}
        inside = {name for name in folders if any(_lies_in(name, other) for other in written)}
        return sorted(written | inside)

    def _volumes(self) -> list[str]:
        mounts = [mount for service in self.stack.services.values() for mount in service.mounts]
        named = [mount.kind + ":" + mount.source for mount in mounts if mount.kind in _OWN_VOLUME]
        declared = [f"image:{name}:{place}" for name in self.stack.services for place in self._declared(name)]
        found = [*(f"folder:{name}" for name in self._written()), *sorted(set(named)), *declared]
        if len(found) > MOST_VOLUMES:
            raise CannotCheck(
                f"the stack needs {len(found)} volumes; each takes memory, and {MOST_VOLUMES} are allowed"
            )
        return found

    def _declared(self, service: str) -> list[str]:
        """Places that the image itself declares as volumes; nobody else mounts them."""
        about = self.engine.image(self.images[service]) or {}
        taken = {mount.target for mount in self.stack.services[service].mounts}
        return sorted(set(declared_volumes(about)) - taken)

    def _fill(self, volumes: Volumes) -> None:
        for name in self._written():
            source = self.submission.path(name)
            if name == self.shared and not _holds_sources(source):
                continue  # begins empty: what an earlier run left in it is no result
            volumes.fill(f"folder:{name}", source)

    def _mounts(self, service: SafeService, volumes: Volumes) -> list[dict[str, Any]]:
        written = self._written()
        found: dict[str, dict[str, Any]] = {}
        for mount in service.mounts:
            if mount.kind in _OWN_VOLUME:
                found[mount.target] = _volume(
                    volumes.id(f"{mount.kind}:{mount.source}"), mount.target, mount.read_only
                )
            elif mount.kind in ("file", "missing") or mount.source not in written:
                source = str(self.submission.path(mount.source).resolve())
                found[mount.target] = {
                    "type": "bind",
                    "source": source,
                    "target": mount.target,
                    "read_only": True,
                }
            else:
                found[mount.target] = _volume(
                    volumes.id(f"folder:{mount.source}"), mount.target, mount.read_only
                )
            for inner in written:
                if mount.kind == "folder" and _lies_in(inner, mount.source):
                    rest = inner if mount.source == "." else inner[len(mount.source) + 1 :]
                    target = f"{mount.target.rstrip('/')}/{rest}"
                    found.setdefault(target, _volume(volumes.id(f"folder:{inner}"), target, mount.read_only))
        for place in self._declared(service.name):
            found.setdefault(place, _volume(volumes.id(f"image:{service.name}:{place}"), place, False))
        return [found[target] for target in sorted(found)]

    # --- the file that is run

    def compose_file(self, volumes: Volumes) -> dict[str, Any]:
        """The whole compose file, with nothing in it that was not looked at."""
        services = {name: self._service(service, volumes) for name, service in self.stack.services.items()}
        mounts = [mount for service in services.values() for mount in service["volumes"]]
        used = sorted({mount["source"] for mount in mounts if mount["type"] == "volume"})
        declared = {name: {"external": True, "name": name} for name in used}
        return {"services": services, **({"volumes": declared} if declared else {})}

    def _service(self, service: SafeService, volumes: Volumes) -> dict[str, Any]:
        limits = self.engine.limits
        kept = {key: _without_variables(value) for key, value in service.settings.items()}
        depends_on = {name: {"condition": condition} for name, condition in service.depends_on.items()}
        return kept | {
            "image": self.images[service.name],
            "volumes": _without_variables(self._mounts(service, volumes)),
            "network_mode": "none",
            "mem_limit": limits.memory,
            "memswap_limit": limits.memory,
            "cpus": self.engine.cpus,
            "pids_limit": limits.processes,
            "ulimits": {"fsize": limits.disk, "core": 0},
            "logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "1"}},
            "stop_grace_period": CODE_GRACE if service.name == self.code else DATA_GRACE,
            "labels": {self.engine.label.partition("=")[0]: self.engine.id},
            **({"depends_on": depends_on} if depends_on else {}),
        }

    def check(self) -> str:
        """What Compose says against the file; empty where it takes it."""
        place = self.folder / "config"
        place.mkdir(exist_ok=True)
        volumes = Volumes(self.engine, self._volumes(), place)
        place.joinpath("docker-compose.yml").write_text(
            json.dumps(self.compose_file(volumes)), encoding="utf-8"
        )
        done = bounded_process.run_bounded(
            [*self.engine.compose.command, "config", "--quiet"],
            seconds=60, output=MIB, cwd=place, environment=self._environment(),
        )  # fmt: skip
        return "" if done.ok else done.last_lines(4).strip() or f"status {done.status}"

    def _environment(self) -> dict[str, str]:
        return self.engine.environment({"COMPOSE_PROJECT_NAME": f"{self.engine.id}-{self._runs}"})

    # --- the run

    def _up(self, place: Path, volumes: Volumes, abort: bool) -> StackRun:
        engine = self.engine
        words = UP if abort else UP[:1]
        seconds = engine.limits.stack_seconds if abort else min(engine.limits.stack_seconds, LOOK_SECONDS)
        place.joinpath("docker-compose.yml").write_text(
            json.dumps(self.compose_file(volumes)), encoding="utf-8"
        )
        project = f"label=com.docker.compose.project={engine.id}-{self._runs}"
        since = float(int(time.time()))  # the time of a file is read in whole seconds
        engine.say(f"running the stack: docker-compose {' '.join(words)}")
        try:
            done = bounded_process.run_bounded(
                _with_little_memory([*engine.compose.command, *words]),
                seconds=seconds,
                output=engine.limits.output,
                cwd=place,
                environment=self._environment(),
                check=lambda: self._too_much(project),
                stop=lambda: engine.kill(engine.containers(project, "status=running")),
            )
            lives, kept = self._lives(project), self._kept(project)
        finally:
            with process.undisturbed():
                engine.remove_containers(engine.containers(project))
        shared, other = self._read(volumes, since, place)
        # Compose puts the project's name before each; to a reader the containers are what the file calls them.
        output = re.sub(rf"{re.escape(engine.id)}-{self._runs}[-_]", "", done.output)
        typed = " ".join(["docker-compose", *words])
        stopped = why_stopped(done.ended, engine.limits, seconds)
        return StackRun(
            typed,
            done.status,
            done.seconds,
            stopped,
            lives,
            self._log(output),
            output,
            shared,
            other,
            kept,
        )

    def _too_much(self, project: str) -> str | None:
        sizes = [self.engine.written_bytes(name) for name in self.engine.containers(project)]
        return DISK if any(size > self.engine.limits.disk for size in sizes) else None

    def _lives(self, project: str) -> tuple[Life, ...]:
        lives = [_life(about) for about in self.engine.inspect(*self.engine.containers(project))]
        return tuple(sorted(lives, key=lambda life: (life.started is None, life.started)))

    def _kept(self, project: str) -> Mapping[str, tuple[str, ...]]:
        kept = {}
        for about in self.engine.inspect(*self.engine.containers(project)):
            service = about["Config"]["Labels"].get("com.docker.compose.service", "")
            words = ["docker", "logs", "--tail", "15", about["Id"]]
            asked = bounded_process.run_bounded(
                words, seconds=20, output=MIB, environment=self.engine.environment()
            )
            kept[service] = tuple(line[:300] for line in asked.output.splitlines())
        return kept

    def _log(self, output: str) -> tuple[tuple[str, str], ...]:
        found = []
        for line in output.splitlines():
            match = _LINE.match(line)
            if match and match.group(1) in self.stack.services:
                found.append((match.group(1), match.group(2)))
        return tuple(found)

    def _without_what_was_there(
        self, found: Mapping[str, VolumeEntry], since: float
    ) -> Mapping[str, VolumeEntry]:
        """Leaves out the submission's own files that the run did not write: an old prediction is no result."""
        return {
            name: left
            for name, left in found.items()
            if left.written >= since or left.kind != "file" or not self._is_own(name, left)
        }

    def _is_own(self, name: str, left: VolumeEntry) -> bool:
        """Whether a file is the submission's own, unchanged; neither is in memory as a whole for it."""
        path = self.submission.path(os.path.normpath(f"{self.shared}/{name}"))
        return (
            path.is_file()
            and path.stat().st_size == left.size
            and atomic_files.sha256_of(path) == left.sha256
        )

    def _read(
        self, volumes: Volumes, since: float, place: Path
    ) -> tuple[Mapping[str, VolumeEntry], Mapping[str, Mapping[str, VolumeEntry]]]:
        shared: Mapping[str, VolumeEntry] = {}
        other = {}
        for number, name in enumerate(volumes.names):
            kind, _, source = name.partition(":")
            if kind == "image":
                continue
            found = volumes.read(name, self.folder / f"{place.name}-left{number}")
            if source == self.shared:
                shared = self._without_what_was_there(found, since)
            else:
                other[source] = found
        return shared, other


def _lies_in(name: str, folder: str) -> bool:
    return name != folder and (folder == "." or name.startswith(folder + "/"))


def _holds_sources(folder: Path) -> bool:
    """Whether a folder is more than a place for results: then it is not emptied."""
    return any(folder.glob("**/Dockerfile"))


def _volume(source: str, target: str, read_only: bool) -> dict[str, Any]:
    return {"type": "volume", "source": source, "target": target, "read_only": read_only}


def _without_variables(value: Any) -> Any:
    """Dollar signs doubled, because Compose reads the file once more."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_without_variables(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _without_variables(inner) for key, inner in value.items()}
    return value


def _with_little_memory(command: list[str]) -> list[str]:
    """Compose itself keeps a line that never ends in memory; where the shell can, its memory is limited."""
    if process.WINDOWS or shutil.which("sh") is None:
        return command
    return ["sh", "-c", 'ulimit -v 4000000 2>/dev/null; exec "$@"', "sh", *command]


def _life(about: Mapping[str, Any]) -> Life:
    state = about["State"]
    service = about["Config"]["Labels"].get("com.docker.compose.service", "")
    started, ended = _moment(state["StartedAt"]), _moment(state["FinishedAt"])
    remark = OUT_OF_MEMORY if state.get("OOMKilled") else str(state.get("Error") or "")
    if started is None:
        return Life(service, None, None, None, remark)
    running, restarts = bool(state["Running"]), int(about.get("RestartCount") or 0)
    status = None if running else int(state["ExitCode"])
    return Life(service, started, None if running else ended, status, remark, restarts)


def _moment(text: str) -> datetime | None:
    """Docker writes nanoseconds, and the year 1 for never."""
    if text.startswith("0001-"):
        return None
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00"))
