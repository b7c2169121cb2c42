"""The checked request, independent of the target that runs it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["data", "model", "code", "other"]
FileKind = Literal["data", "model", "code", "dockerfile", "requirements", "library", "folder"]


@dataclass(frozen=True, order=True)
class StackWarning:
    """A setting of the request that the generated file does not reproduce.

    Attributes:
        path: the path in the request.
        message: what happens instead.
    """

    path: str
    message: str


@dataclass(frozen=True)
class SourceFile:
    """A file or folder that the generated file expects beside it.

    Attributes:
        path: the path relative to the generated file; that of a folder ends with ``/``.
        kind: the kind of the file.
        source: the URL to fetch it from; empty for a generated file or an empty folder.
        sha256: the expected SHA-256 in hexadecimal; empty if the request states none.
        content: the content of a generated file, such as a Dockerfile.
        format: the file format of data and models, such as ``csv`` or ``pickle``; for code and libraries, ``git`` or
            ``file``.
        branch: the branch, tag or commit of a git repository; empty for its default branch.
        input_shape: the expected dimensions of the model inputs; empty if the request states none.
        output_shape: the expected dimensions of the model outputs; empty if the request states none.
        request_path: the path in the request.
    """

    path: str
    kind: FileKind
    source: str = ""
    sha256: str = ""
    content: str = ""
    format: str = ""
    branch: str = ""
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    request_path: str = ""


@dataclass(frozen=True)
class Mount:
    """A folder of the project or a volume that is mounted in a container.

    Attributes:
        kind: ``bind`` for a folder beside the generated file, ``volume`` for a named volume.
        source: the folder, such as ``./folder``, or the name of the volume.
        target: the absolute path in the container.
        read_only: whether the container may only read it.
    """

    kind: Literal["bind", "volume"]
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Publication:
    """A file in an image that the container copies to a shared folder when it starts.

    Attributes:
        source: the absolute path in the image.
        target: the absolute path of the copy.
    """

    source: str
    target: str


@dataclass(frozen=True)
class Build:
    """How an image is built.

    Attributes:
        context: the build context, a folder beside the generated file.
        files: the generated or fetched files of the context; empty for a folder of the project.
    """

    context: str
    files: tuple[SourceFile, ...] = ()


@dataclass(frozen=True)
class Limits:
    """The resource limits of a container; where one is None, the default of the target applies.

    Attributes:
        cpus: the maximum number of CPU cores.
        memory: the maximum memory in bytes.
        pids: the maximum number of processes and threads.
        timeout: the time limit of the command in seconds.
        reserved_cpus: the number of CPU cores that a scheduler reserves.
        reserved_memory: the memory in bytes that is reserved.
    """

    cpus: float | None = None
    memory: int | None = None
    pids: int | None = None
    timeout: int | None = None
    reserved_cpus: float | None = None
    reserved_memory: int | None = None


@dataclass(frozen=True)
class Gpus:
    """The GPUs of a container.

    Attributes:
        count: the number of GPUs; -1 for all; 0 if `devices` lists them.
        devices: the indices or UUIDs of the GPUs.
    """

    count: int = 0
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Healthcheck:
    """A command that checks whether a container is healthy.

    Attributes:
        command: the words of the command.
        shell: whether the command is a single line for ``sh -c``.
        interval: the time between two checks in seconds.
        timeout: the time limit of one check in seconds.
        retries: the number of consecutive failures after which the container is unhealthy.
        start_period: the time after the start in seconds during which failures do not count.
    """

    command: tuple[str, ...]
    shell: bool = False
    interval: float = 10
    timeout: float = 5
    retries: int = 3
    start_period: float = 0


@dataclass(frozen=True)
class Port:
    """A port of a container.

    Attributes:
        container: the port in the container.
        host: the port published on the host; None if only other containers can reach it.
        address: the host address on which the port is published; empty for all addresses.
        protocol: ``tcp`` or ``udp``.
    """

    container: int
    host: int | None = None
    address: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True)
class Service:
    """One container.

    Attributes:
        name: the name of the service.
        role: the kind of content of the container.
        image: the full image name; for an image that is built, the name it gets.
        is_final: whether the stack ends when this container exits; true for exactly one service.
        build: how the image is built; None if it is pulled.
        publications: the files that it copies to the shared folder before it is ready.
        command: the words of the command; empty for that of the image.
        environment: the names and values of the variables, in the order of the request.
        mounts: the mounted folders and volumes.
        depends_on: the services that must be ready before it starts, in order.
        limits: the resource limits.
        gpus: the GPUs; None if it has none.
        healthcheck: the health check of the request; None if it has none.
        ports: the exposed and published ports.
        user: ``UID`` or ``UID:GID``; empty for the default of the role.
        working_directory: the working directory; empty for that of the image.
        hostname: the host name; empty for the default.
        platform: the platform, such as ``linux/arm64``; empty for that of the host.
        dns: the addresses of DNS servers.
        restart: the restart policy of the request; empty if it has none.
        has_network: whether it is on the network of the stack.
        labels: the names and values of labels with the version, framework and shapes of the model.
        outdated: the output files of an earlier run, which it removes before it is ready.
        waits_for_command: whether it is ready only after its command has ended.
        writable: the folders for temporary files, with their sizes in MiB.
        request_path: the path in the request, such as ``containers[0]``.
    """

    name: str
    role: Role
    image: str
    is_final: bool = False
    build: Build | None = None
    publications: tuple[Publication, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    depends_on: tuple[str, ...] = ()
    limits: Limits = Limits()
    gpus: Gpus | None = None
    healthcheck: Healthcheck | None = None
    ports: tuple[Port, ...] = ()
    user: str = ""
    working_directory: str = ""
    hostname: str = ""
    platform: str = ""
    dns: tuple[str, ...] = ()
    restart: str = ""
    has_network: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    outdated: tuple[str, ...] = ()
    waits_for_command: bool = False
    writable: tuple[tuple[str, int], ...] = (("/tmp", 64),)
    request_path: str = ""


@dataclass(frozen=True)
class Stack:
    """A checked request.

    Attributes:
        name: the project name; empty if the request has none.
        services: the services, each after its dependencies; the final one is the last.
        volumes: the named volumes that the services use, in order.
        network: the network driver; empty if the stack has no network.
        timeout: the time limit of the run in seconds; None for no limit.
        warnings: the warnings that apply to every target.
    """

    name: str
    services: tuple[Service, ...]
    volumes: tuple[str, ...] = ()
    network: str = ""
    timeout: int | None = None
    warnings: tuple[StackWarning, ...] = field(default=())

    @property
    def final(self) -> Service:
        """The service whose exit ends the stack."""
        return self.services[-1]

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the images are built from, and the folders that the services mount."""
        built = [file for service in self.services if service.build for file in service.build.files]
        paths = [
            mount.source for service in self.services for mount in service.mounts if mount.kind == "bind"
        ]
        paths += [
            service.build.context for service in self.services if service.build and not service.build.files
        ]
        # A path with an extension is taken to be a file, which is not created.
        folders = [
            SourceFile(f"{path.removeprefix('./')}/", "folder")
            for path in paths
            if not posixpath.splitext(path)[1]
        ]
        return tuple(dict.fromkeys([*built, *folders]))
