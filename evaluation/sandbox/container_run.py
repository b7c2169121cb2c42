"""Runs one container by itself, as a tutor would, within limits and without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.compose.keys import RIGHTS
from evaluation.engine.session import DISK, EngineSession
from evaluation.errors import CannotCheck
from evaluation.images.canonical import MOST_VOLUMES, VOLUMES_LABEL
from evaluation.processes import bounded_process
from evaluation.quotas import MIB, Limits
from evaluation.sandbox.volumes import Volumes


@dataclass(frozen=True)
class ContainerRun:
    """A container that ran by itself.

    Attributes:
        typed: what a tutor would type.
        status: its exit status.
        output: what it printed.
        seconds: how long it ran.
        stopped: why it had to be stopped, in words; empty where it ended by itself.
    """

    typed: str
    status: int
    output: str
    seconds: float
    stopped: str

    @property
    def ok(self) -> bool:
        return self.status == 0 and not self.stopped


def container_options(limits: Limits, cpus: float) -> list[str]:
    """What every container of a submission is run with."""
    rights = [word for right in RIGHTS for word in ("--cap-add", right)]
    memory = str(limits.memory)
    return [
        "--network", "none", "--cap-drop", "ALL", *rights, "--security-opt", "no-new-privileges",
        "--memory", memory, "--memory-swap", memory, "--pids-limit", str(limits.processes),
        "--cpus", str(cpus), "--ulimit", f"fsize={limits.disk}", "--ulimit", "core=0",
        "--log-opt", "max-size=1m", "--log-opt", "max-file=1", "--stop-timeout", "2",
    ]  # fmt: skip


def declared_volumes(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The places that an image declares as volumes; each gets one in memory, or the engine would make one on disk.

    Raises:
        CannotCheck: one of them cannot be written down as a place, and so not be given one.
    """
    config = about.get("Config") or {}
    places = tuple(dict.fromkeys([*(config.get("Volumes") or ()), *_noted(config.get("Labels") or {})]))
    odd = [place for place in places if not re.fullmatch(r"/[^\x00-\x1f\x7f:,]*", place)]
    if odd or len(places) > MOST_VOLUMES:
        what = repr(odd[0][:80]) if odd else f"{len(places)} places"
        raise CannotCheck(
            f"the image declares {what} as VOLUME", hint="A VOLUME is an absolute path without a colon."
        )
    return places


def _noted(labels: Mapping[str, str]) -> list[str]:
    """The places of VOLUMEs that were written into a label when the image was built."""
    try:
        places = json.loads(bytes.fromhex(labels.get(VOLUMES_LABEL, "")) or b"[]")
    except ValueError as error:
        raise CannotCheck(f"the image has a label {VOLUMES_LABEL} of its own") from error
    return [str(place) for place in places] if isinstance(places, list) else []


def run_container(
    engine: EngineSession,
    image: str,
    tag: str,
    folder: Path,
    command: Sequence[str] = (),
    seconds: float | None = None,
    *,
    hidden: Sequence[str] = (),
) -> ContainerRun:
    """Runs a container to its end.

    Args:
        workshop: where.
        image: the image, as it is called here.
        tag: the image, as a tutor calls it.
        folder: a folder of our own.
        command: what it runs instead of its own command.
        seconds: how long it may run; None for the evaluation's limit.
        hidden: folders that are empty in this run.
    """
    about = engine.image(image) or {}
    declared = declared_volumes(about)
    name = f"{engine.id}-alone"
    limits = engine.limits
    with Volumes(engine, declared, folder) as volumes:
        mounts = [
            word
            for place in declared
            if place.rstrip("/") not in hidden
            for word in ("--volume", f"{volumes.id(place)}:{place}")
        ]
        whole = [
            "docker",
            "run",
            "--name",
            name,
            "--label",
            engine.label,
            *container_options(limits, engine.cpus),
            *mounts,
            *(word for place in hidden for word in ("--tmpfs", _empty(place, declared))),
        ]

        def too_much() -> str | None:
            return DISK if engine.written_bytes(name) > limits.disk else None

        try:
            done = bounded_process.run_bounded(
                [*whole, image, *command],
                seconds=seconds or limits.alone_seconds,
                output=limits.output,
                environment=engine.environment(),
                check=too_much,
                stop=lambda: engine.kill([name]),
            )
            state = (engine.inspect(name) or [{}])[0].get("State", {})
        finally:
            engine.remove_containers([name])
    typed = " ".join(["docker run --rm", tag, *(f'"{word}"' if " " in word else word for word in command)])
    stopped = why_stopped(done.ended, limits, seconds or limits.alone_seconds)
    if not stopped and state.get("OOMKilled"):
        stopped = f"it used more than {limits.memory // MIB} MB of memory and was ended by the kernel"
    return ContainerRun(typed, done.status, done.output, done.seconds, stopped)


def _empty(place: str, declared: Sequence[str]) -> str:
    """An empty folder in the place of another; it can be written to only where a volume has its place in it."""
    holds_more = any(one.startswith(f"{place}/") and one.rstrip("/") != place for one in declared)
    return f"{place}:{'rw' if holds_more else 'ro'},size=1m"


def why_stopped(ended: str, limits: Limits, seconds: float) -> str:
    """Why a program had to be stopped, in words; empty where it ended by itself."""
    return {
        bounded_process.BY_ITSELF: "",
        bounded_process.TIME: f"it did not end within {seconds:g} s and was stopped",
        bounded_process.OUTPUT: f"it printed more than {limits.output // MIB} MB and was stopped",
        DISK: f"it wrote more than {limits.disk // MIB} MB and was stopped",
    }[ended]
