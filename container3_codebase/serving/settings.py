"""The settings of a server: sources, address, and limits on requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from access_control.rates import Rate

MIB = 1 << 20


@dataclass(frozen=True)
class RequestLimits:
    """Limits on requests.

    Attributes:
        body: maximum size of a JSON or binary body, in bytes.
        bodies: maximum total size of the bodies above 64 KiB that a worker holds in memory, in bytes.
        upload: maximum size of a table (CSV, JSON lines, Parquet, Arrow), which is processed on disk, in bytes.
        rows: maximum number of rows of a JSON or binary body.
        headers: maximum size of the request line and the headers, in bytes.
        header_seconds: time limit for receiving the headers.
        body_seconds: time limit for receiving a body.
        upload_seconds: time limit for receiving a table.
        grace_seconds: time after which a body must have arrived at ``least_rate`` on average.
        least_rate: minimum rate at which a client must send its body and read its response, in bytes per second.
        send_seconds: time over which the rate of reading is averaged.
        keep_alive_seconds: time limit of an idle connection.
        connections: maximum number of open connections per worker.
        in_flight: maximum number of requests that a worker processes or queues.
        answer: maximum size of the prediction of a table, in bytes.
        table_seconds: time limit for the prediction of a table.
        tables: maximum number of received tables that a worker processes at the same time.
        tables_stored: maximum disk space of all tables and of their predictions, until they are sent, in bytes.
        image: maximum size of an image file, in bytes.
        image_seconds: time limit for decoding an image.
        images: maximum number of images that a worker decodes at the same time, each in its own process.
        images_waiting: maximum number of images that wait for a decoder.
        shutdown_seconds: time limit for requests in flight when the server stops.
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
    """The folder of sessions and their limits.

    The last tenth of the sessions and bytes is reserved for clients that use less than a tenth.

    Attributes:
        folder: the folder of the sessions, which several servers may share; None for a private folder that is removed
            when the server stops.
        idle_seconds: time until an unused session expires.
        life_seconds: time until any session expires, used or not.
        most: maximum number of sessions.
        bytes: maximum total size of all sessions and of the models that they use.
    """

    folder: Path | None = None
    idle_seconds: float = 900.0
    life_seconds: float = 86_400.0
    most: int = 1000
    bytes: int = 64 * MIB


@dataclass(frozen=True)
class Source:
    """A network file, or a folder of network files.

    Attributes:
        path: the file or folder.
        name: the model name of a file, or the only model to serve from a folder; empty for the file's own name, or for
            all models of the folder.
        registered: whether this program owns the folder and keeps a registered model in it.
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
        workers: the number of worker processes.
        poll_seconds: seconds between two checks of the files.
        log_requests: whether to log successful requests.
        keys: the file of the API keys; None if clients need none.
        rate: rate limit of keys that have none of their own; without keys, of each client address. None: no limit.
        origins: origins whose web pages may use the server (CORS).
        hosts: additional host names of the server, in lower case.
        limits: the limits on requests.
        sessions: the sessions of recurrent networks.
        in_container: whether the server runs in its own container, whose memory and CPU usage it reports.
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
