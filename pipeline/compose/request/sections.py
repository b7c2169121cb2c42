"""The sections of a request besides its containers, and the objects in a container."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compose.request.base import Line, Name, Part, Path


class ComposeMetadata(Part):
    """Settings of the project.

    Attributes:
        compose_version: the version of the compose file format; accepted but not written, because newer versions of
            Compose warn about it.
        project_name: the project name: lower-case letters, digits, ``-`` and ``_``.
    """

    compose_version: Annotated[str, Field(max_length=20)] | int | float | None = None
    project_name: Name | None = None


class VolumeMount(Part):
    """A mount.

    Attributes:
        host_path: a folder of the project, such as ``./shared_data``, or the name of a volume.
        container_path: the absolute path in the container.
        read_only: whether the container may only read it.
        volume_driver: the volume driver; only ``local`` is allowed.
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
        driver: the volume driver; only ``local`` is allowed.
    """

    driver: Line | None = None


class NetworkSection(Part):
    """The network of all containers.

    Attributes:
        mode: the network mode: ``bridge`` or ``none``; ``overlay`` for Swarm.
        driver: the network driver: ``bridge``; ``overlay`` for Swarm.
    """

    mode: Line | None = None
    driver: Line | None = None


class ExecutionSection(Part):
    """Settings of the run.

    Attributes:
        restart_policy: the restart policy: ``no``, ``on-failure``, ``always`` or ``unless-stopped``.
        timeout: the time limit of the final container in seconds.
        abort_on_container_exit: whether the stack stops when the final container exits.
        execution_order: ``parallel``, or ``sequential`` if each container waits for the previous one.
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
        interval: the time between two checks, in seconds or as ``10s``.
        timeout: the time limit of one check, in seconds or as ``10s``.
        retries: the number of consecutive failures after which the container is unhealthy.
        start_period: the time after the start during which failures do not count.
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
        count: the number of GPUs, or ``all``.
        device_ids: the indices or UUIDs of the GPUs.
        driver: the GPU driver; only ``nvidia`` is allowed.
        capabilities: the driver capabilities: ``gpu``, ``compute`` or ``utility``.
    """

    count: Annotated[int, Field(ge=0, le=64)] | Line | None = None
    device_ids: Annotated[list[Line | int], Field(max_length=64)] | None = None
    driver: Line | None = None
    capabilities: Annotated[list[Line], Field(max_length=8)] | None = None


class Condition(Part):
    """The condition of a dependency.

    Attributes:
        condition: one of the conditions of Compose; the container always waits until the other is ready.
    """

    condition: Line | None = None
