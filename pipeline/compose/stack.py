"""What a checked request asks for, without regard to the target that runs it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["data", "model", "code", "other"]
FileKind = Literal["data", "model", "code", "dockerfile", "requirements", "library", "folder"]


@dataclass(frozen=True, order=True)
class Warning:
    """Something that is not carried over as the request says.

    Attributes:
        path: the place in the request.
        message: what happens instead.
    """

    path: str
    message: str


@dataclass(frozen=True)
class SourceFile:
    """A file or folder that the generated text expects beside it.

    Attributes:
        path: relative to the generated file; a folder ends with ``/``.
        kind: what it is.
        source: the URL that it is fetched from; empty for a generated file or an empty folder.
        sha256: the expected hash in hexadecimal; empty where the request states none.
        content: the text of a generated file, such as a Dockerfile.
        format: of data and models (``csv``, ``pickle``); of code and libraries, ``git`` or ``file``.
        branch: the branch, tag or commit of a git repository; empty for its default branch.
        input_shape: what the model is expected to take; empty where the request does not say.
        output_shape: what the model is expected to return; empty where the request does not say.
        request_path: the place in the request.
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
    """A folder of the project or a volume in a container.

    Attributes:
        kind: ``bind`` for a folder beside the generated file, ``volume`` for a named volume.
        source: ``./folder``, or the name of the volume.
        target: the absolute path in the container.
        read_only: whether the container may only read it.
    """

    kind: Literal["bind", "volume"]
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Publication:
    """A file of an image that its container copies to a shared folder when it starts.

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
        context: the folder beside the generated file.
        files: the files of the folder that are generated or fetched; empty for a folder of the project.
    """

    context: str
    files: tuple[SourceFile, ...] = ()


@dataclass(frozen=True)
class Limits:
    """The resources of a container; None leaves the default of the target.

    Attributes:
        cpus: processor cores.
        memory: bytes.
        pids: processes and threads.
        timeout: seconds after which the command is stopped.
        reserved_cpus: processor cores that a scheduler keeps free.
        reserved_memory: bytes that are kept available.
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
        count: how many; -1 for all; 0 where `devices` names them.
        devices: their identifiers.
    """

    count: int = 0
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Healthcheck:
    """A command that tells whether a container is healthy.

    Attributes:
        command: its words.
        shell: whether the single word is a line for ``sh -c``.
        interval: seconds between two checks.
        timeout: seconds for one check.
        retries: how many failures in a row make the container unhealthy.
        start_period: seconds in which failures do not count.
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
        host: the port of the host; None where other containers alone reach it.
        address: the address of the host; empty for all.
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
        name: of the service and the container.
        role: what it holds.
        image: the full name of the image; for a built one, the name it gets.
        is_final: whether its end is the end of the stack; true for exactly one service.
        build: how the image is built; None for an image that is pulled.
        publications: the files that it copies to the shared folder before it is ready.
        command: the words of the command; empty for that of the image.
        environment: names and values, in the order of the request.
        mounts: folders and volumes.
        depends_on: the services that must be ready before it starts, in order.
        limits: its resources.
        gpus: its GPUs; None for none.
        healthcheck: the check of the request; None for none.
        ports: what it offers.
        user: ``UID`` or ``UID:GID``; empty for the default of the role.
        working_directory: empty for that of the image.
        hostname: empty for the default.
        platform: such as ``linux/arm64``; empty for that of the host.
        dns: addresses of name servers.
        restart: the restart policy of the request; empty for none.
        has_network: whether it is on the network of the stack.
        labels: what the request says about the model and the data.
        outdated: files of an earlier run that it removes before it is ready.
        waits_for_command: whether it is ready only once its command has ended.
        writable: the folders of temporary files, with their size in MiB.
        request_path: the place in the request, such as ``containers[0]``.
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
        name: of the project; empty where the request does not say.
        services: each after those it depends on; the final one is the last.
        volumes: the named volumes that the services use, in order.
        network: the driver of the network; empty where no service is on one.
        timeout: seconds for the whole run; None for no limit.
        warnings: what was not carried over, whatever the target.
    """

    name: str
    services: tuple[Service, ...]
    volumes: tuple[str, ...] = ()
    network: str = ""
    timeout: int | None = None
    warnings: tuple[Warning, ...] = field(default=())

    @property
    def final(self) -> Service:
        """The service whose end is the end of the stack."""
        return self.services[-1]

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that the services are built from, and the folders that they mount."""
        built = [file for service in self.services if service.build for file in service.build.files]
        paths = [
            mount.source for service in self.services for mount in service.mounts if mount.kind == "bind"
        ]
        paths += [
            service.build.context for service in self.services if service.build and not service.build.files
        ]
        # What has an ending is a file, as far as the name tells.
        folders = [
            SourceFile(f"{path.removeprefix('./')}/", "folder")
            for path in paths
            if not posixpath.splitext(path)[1]
        ]
        return tuple(dict.fromkeys([*built, *folders]))
