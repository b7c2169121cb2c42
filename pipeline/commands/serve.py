"""`serve`: predictions over HTTP."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context
from pipeline.commands.base.options import add_host_name_option, add_keys_option

if TYPE_CHECKING:
    from pipeline.commands.actions.serve import ServeResult

_EPILOG = (
    "Without --model, the project's current knowledge (under the name currentSolution, the default model) and all of\n"
    "models/ are served. Files that change are reloaded; SIGHUP reloads at once. SIGTERM and Ctrl-C end the server\n"
    "after the requests in flight. Logs are JSON lines on standard error. docs/serving.md describes routes, keys\n"
    "and limits, docs/serving-clients.md the clients, docs/serving-images.md images as input.\n\n"
    "With --engine docker, the servers run in containers behind a proxy that spreads the requests, until Ctrl-C:\n"
    "docker-compose.serving.yml, see docs/serving-compose.md.\n\n"
    "exit status: 0 done, 2 wrong usage, or the port is in use, 65 a registered model is invalid, 66 input not found,\n"
    "69 a package is missing, or the MLflow server or the container engine cannot be used, 70 internal error,\n"
    "75 another command serves this checkout in containers"
)


class ServeCommand(Command):
    """Serve networks over HTTP.

    Attributes:
        engine: where the server runs.
        host: the address to listen on; None for the default.
        port: the port, 0 for a free one; None for the default.
        model: networks, ``NAME``, a file or the address of a registered model; empty for all.
        tracking_uri: the MLflow server; None for that of the environment.
        refresh: seconds between checks of the model registry; None for no checks.
        workers: number of processes; None for the engine's default.
        replicas: number of servers, with the engine docker; None for one.
        sessions: the folder that keeps the sessions; None for a private one.
        log_requests: whether every request is logged.
        keys: the file of the API keys; None where clients need none.
        rate: the request limit per key or address.
        cors: origins whose pages may use the server.
        allow_host: domain names of the server.
    """

    name = "serve"
    position = 125
    reads_env_file = True
    summary = "Serve predictions over HTTP: JSON, CSV, and the protocols of KServe, Triton and MLflow."
    epilog = _EPILOG

    engine: str
    host: str | None
    port: int | None
    model: list[str]
    tracking_uri: str | None
    refresh: float | None
    workers: int | None
    replicas: int | None
    sessions: Path | None
    log_requests: bool
    keys: Path | None
    rate: str | None
    cors: list[str]
    allow_host: list[str]

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--engine",
            choices=("local", "docker"),
            default="local",
            help="local (default): a process of this machine; docker: containers",
        )
        parser.add_argument(
            "--host",
            help="the address to listen on (default: 127.0.0.1; with --engine docker SERVE_ADDRESS, if it is set)",
        )
        parser.add_argument(
            "--port",
            type=_port,
            help="the port; 0 for a free one (default: 8000; with --engine docker SERVE_PORT, if it is set)",
        )
        parser.add_argument(
            "--model",
            metavar="NAME|FILE|ADDRESS",
            action="append",
            default=[],
            help="a network in models/, a file, or models:/NAME@ALIAS or models:/NAME/VERSION for a registered model of"
            " MLflow; may be repeated, the first is the default model",
        )
        parser.add_argument(
            "--tracking-uri",
            metavar="URL",
            help="the MLflow server (default: the environment variable MLFLOW_TRACKING_URI)",
        )
        parser.add_argument(
            "--refresh",
            type=_seconds,
            metavar="SECONDS",
            help="look for a new version of registered models this often (default: on SIGHUP only)",
        )
        parser.add_argument(
            "--workers",
            type=_count,
            metavar="N",
            help="number of processes that share the port (default: 1; in a container, one per available CPU)",
        )
        parser.add_argument(
            "--replicas",
            type=_count,
            metavar="N",
            help="number of servers, with --engine docker (default: 1)",
        )
        parser.add_argument(
            "--sessions",
            type=Path,
            metavar="FOLDER",
            help="keep the sessions of recurrent networks in this folder (default: a private one, removed at the end)",
        )
        parser.add_argument(
            "--log-requests", action="store_true", help="log every request, not only those with an error"
        )
        _add_access_options(parser)

    def needs_checkout(self) -> bool:
        """Return whether the project's own networks or images are used."""
        return self.engine == "docker" or not self.model

    def run(self, context: Context) -> ServeResult:
        """Serve until a signal ends the server.

        Raises:
            UsageError: the address cannot be used, or an option does not apply to the engine.
            EngineUnavailable: there is no container engine, or the containers cannot be started.
            InputMissing: a network or the key file is not found.
            RegistryUnavailable: the MLflow server cannot be reached.
            KeyFileError: the key file is not valid.
            MissingPackage: a package cannot be installed.
        """
        from common.errors import UsageError
        from pipeline.commands.actions.serve import serve
        from pipeline.commands.actions.serve_access import AccessOptions
        from pipeline.commands.actions.serve_models import ModelOptions

        if self.engine == "docker":
            from pipeline.commands.actions.serve_containers import serve_in_containers

            return serve_in_containers(context, self, replicas=self.replicas or 1)
        if self.replicas is not None:
            raise UsageError("--replicas needs --engine docker.", hint="--workers starts several processes.")
        return serve(
            context,
            ModelOptions(self.model, self.tracking_uri, self.refresh),
            host="127.0.0.1" if self.host is None else self.host,
            port=8000 if self.port is None else self.port,
            workers=self.workers or 1,
            sessions=self.sessions,
            log_requests=self.log_requests,
            access=AccessOptions(self.keys, self.rate, self.cors, self.allow_host),
        )


def _add_access_options(parser: argparse.ArgumentParser) -> None:
    add_keys_option(parser)
    parser.add_argument(
        "--rate",
        metavar="RATE",
        help="limit each key, or without --keys each client address, to RATE, such as 100/min",
    )
    parser.add_argument(
        "--cors",
        metavar="ORIGIN",
        action="append",
        default=[],
        help="let web pages of ORIGIN, such as https://app.example.org, use the server; may be repeated",
    )
    add_host_name_option(parser)


def _port(text: str) -> int:
    number = _number(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a valid port; expected 0 to 65535")
    return number


def _count(text: str) -> int:
    number = _number(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 64")
    return number


def _seconds(text: str) -> float:
    number = _number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1 second")
    return float(number)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number")
    return int(text)
