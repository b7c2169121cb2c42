"""What a server serves, where it listens, and the limits on requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from access_control.rates import Rate

MIB = 1 << 20


@dataclass(frozen=True)
class RequestLimits:
    """Upper bounds for requests.

    Attributes:
        body: bytes of a JSON or binary body.
        bodies: bytes of all bodies above 64 KiB together that a worker holds in memory.
        upload: bytes of a table (CSV, JSON lines, Parquet, Arrow), which is kept on disk while it is processed.
        rows: rows of a JSON or binary body.
        headers: bytes of the request line and the headers.
        header_seconds: until the headers are complete.
        body_seconds: until the body is complete.
        upload_seconds: until a table is complete.
        grace_seconds: until a body must have arrived at ``least_rate`` on average.
        least_rate: bytes per second at which a client must send its body and read its response.
        send_seconds: the time over which the rate of reading is averaged.
        keep_alive_seconds: of an idle connection.
        connections: open connections of a worker.
        in_flight: requests that a worker processes or queues.
        answer: bytes of the prediction of a table.
        table_seconds: until the prediction of a table is complete.
        tables: tables that a worker processes at the same time, once they have arrived.
        tables_stored: bytes on disk of all tables, and of their predictions, complete or not, until they are sent.
        image: bytes of a picture.
        image_seconds: for decoding a picture.
        images: pictures that a worker decodes at the same time, each in a process of its own.
        images_waiting: further pictures that wait for it.
        shutdown_seconds: for what is in flight when the server is stopped.
    """

    body: int = 8 * MIB
    bodies: int = 192 * MIB
    upload: int = 1024 * MIB
    rows: int = 100_000
    headers: int = 32 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    upload_seconds: float = 600.0
    grace_seconds: float = 10.0
    least_rate: int = 1000
    send_seconds: float = 30.0
    keep_alive_seconds: int = 20
    connections: int = 4096
    in_flight: int = 512
    answer: int = 4096 * MIB
    table_seconds: float = 600.0
    tables: int = 4
    tables_stored: int = 8192 * MIB
    image: int = 16 * MIB
    image_seconds: float = 10.0
    images: int = 1
    images_waiting: int = 32
    shutdown_seconds: int = 25


@dataclass(frozen=True)
class SessionSettings:
    """Where sessions are kept, and how many.

    The last tenth of the sessions and bytes is kept for clients that have less than a tenth.

    Attributes:
        folder: the folder that keeps them, which several servers may share; None for a private one that is removed when
            the server ends.
        idle_seconds: until a session that is not used expires.
        life_seconds: until a session expires, whether it is used or not.
        most: the most sessions.
        bytes: the most bytes of all sessions, and of the models that they use.
    """

    folder: Path | None = None
    idle_seconds: float = 900.0
    life_seconds: float = 86_400.0
    most: int = 1000
    bytes: int = 64 * MIB


@dataclass(frozen=True)
class Source:
    """One network file, or a folder of them.

    Attributes:
        path: the file or folder.
        name: the name under which a file is served, or the model of a folder that is served; empty for the name of the
            file, or all of the folder.
        registered: whether the folder belongs to this program, which keeps a registered model in it.
    """

    path: Path
    name: str = ""
    registered: bool = False


@dataclass(frozen=True)
class Settings:
    """The settings of a server.

    Attributes:
        sources: the files and folders; the first file is the default model.
        host: the address to listen on.
        port: the port; 0 for a free one.
        workers: number of processes.
        poll_seconds: between two looks at the files.
        log_requests: whether requests without an error are logged.
        keys: the file of the API keys; None where clients need none.
        rate: of a key without a rate of its own; without keys, of a client's address. None for no limit.
        origins: origins whose pages may use the server (CORS).
        hosts: further names of the server, in lower case.
        limits: the limits on requests.
        sessions: the sessions of recurrent networks.
        in_container: whether the server has a container of its own, whose use of memory and processors it reports.
    """

    sources: tuple[Source, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    poll_seconds: float = 0.5
    log_requests: bool = False
    keys: Path | None = None
    rate: Rate | None = None
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    limits: RequestLimits = field(default_factory=RequestLimits)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    in_container: bool = False
