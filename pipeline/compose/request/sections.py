"""The parts of a request that are not containers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compose.request.base import Line, Name, Part, Path


class ComposeMetadata(Part):
    """The request as a whole.

    Attributes:
        compose_version: of the file format; accepted and not written, because newer versions of Compose warn about it.
        project_name: lower-case letters, digits, ``-`` and ``_``.
    """

    compose_version: Annotated[str, Field(max_length=20)] | int | float | None = None
    project_name: Name | None = None


class VolumeMount(Part):
    """A mount.

    Attributes:
        host_path: a folder of the project, such as ``./shared_data``, or the name of a volume.
        container_path: the absolute path in the container.
        read_only: whether the container may only read it.
        volume_driver: ``local``.
        type: ``bind`` or ``volume``, as in Compose.
        source: the same as `host_path`, as in Compose.
        target: the same as `container_path`, as in Compose.
    """

    host_path: Path | None = None
    container_path: Path | None = None
    read_only: bool = False
    volume_driver: Line | None = None
    type: Line | None = None
    source: Path | None = None
    target: Path | None = None


class Volume(Part):
    """A named volume.

    Attributes:
        driver: ``local``.
    """

    driver: Line | None = None


class NetworkSection(Part):
    """The network of all containers.

    Attributes:
        mode: ``bridge`` or ``none``; ``overlay`` for Swarm.
        driver: ``bridge``; ``overlay`` for Swarm.
    """

    mode: Line | None = None
    driver: Line | None = None


class ExecutionSection(Part):
    """How the stack runs.

    Attributes:
        restart_policy: ``no``, ``on-failure``, ``always`` or ``unless-stopped``.
        timeout: seconds for the program of the final container.
        abort_on_container_exit: whether the end of the final container ends the stack.
        execution_order: ``sequential``, where each container waits for the one before it, or ``parallel``.
    """

    restart_policy: Line | None = None
    timeout: int | float | Line | None = None
    abort_on_container_exit: bool | None = None
    execution_order: Line | None = None


class Health(Part):
    """A health check.

    Attributes:
        test: a line for a shell, or the words of a command.
        command: the same as `test`.
        interval: between two checks, in seconds or as ``10s``.
        timeout: of one check.
        retries: how many failures in a row make the container unhealthy.
        start_period: the time in which failures do not count.
    """

    test: Line | Annotated[list[Line], Field(min_length=1, max_length=64)] | None = None
    command: Line | Annotated[list[Line], Field(min_length=1, max_length=64)] | None = None
    interval: int | float | Line | None = None
    timeout: int | float | Line | None = None
    retries: Annotated[int, Field(ge=1, le=100)] | None = None
    start_period: int | float | Line | None = None


class Gpu(Part):
    """The GPUs of a container.

    Attributes:
        count: how many, or ``all``.
        device_ids: their identifiers.
        driver: ``nvidia``.
        capabilities: ``gpu`` and others of the driver.
    """

    count: Annotated[int, Field(ge=0, le=64)] | Line | None = None
    device_ids: Annotated[list[Line | int], Field(max_length=64)] | None = None
    driver: Line | None = None
    capabilities: Annotated[list[Line], Field(max_length=8)] | None = None


class Condition(Part):
    """What a container waits for.

    Attributes:
        condition: as in Compose; every container waits until the other is ready.
    """

    condition: Line | None = None
