"""Serve in containers, and print the address."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from common.docker_command import find_docker
from common.errors import InputMissing, UsageError
from common.project import KNOWLEDGE_FILE, Layout
from pipeline.commands.actions.serve import ServeResult
from pipeline.commands.base.command import Context
from pipeline.engines.serving_stack import ServingStack


class Options(Protocol):
    """The options of `serve`."""

    host: str | None
    port: int | None
    model: list[str]
    tracking_uri: str | None
    refresh: float | None
    workers: int | None
    sessions: Path | None
    log_requests: bool
    keys: Path | None
    rate: str | None
    cors: list[str]
    allow_host: list[str]


def serve_in_containers(context: Context, options: Options, *, replicas: int) -> ServeResult:
    """Serve until Ctrl-C, which ends the containers.

    Args:
        context: the command's context.
        options: the command's options.
        replicas: the number of servers.

    Raises:
        UsageError: an option does not apply to containers.
        InputMissing: the key file is not found.
        EngineUnavailable: there is no engine, or the stack cannot be built or started.
        CheckoutBusy: another command runs the stack of this checkout.
        StackFailed: no server became ready, or the stack was ended from outside.
    """
    console = context.console
    environment = {**context.environment, **variables_for(context.layout, options)}
    stack = ServingStack(context.layout, *find_docker(), environment)
    console.print(f"  engine       {stack.describe()}")
    if stack.missing_images():
        with console.status("building the images"):
            stack.build(on_line=lambda line: None)
    address = ""
    try:
        with stack.running(replicas) as place:
            address = f"http://{place}"
            names = stack.models(place)
            console.print(f"  serving      {', '.join(names) or 'no model yet'}")
            console.print(f"  address      {address}  (documentation: {address}/docs)")
            for line in stack.lines():
                console.note(line)
    except KeyboardInterrupt:
        if not address:
            raise
    console.print("  stopped")
    return ServeResult(address)


def variables_for(layout: Layout, options: Options) -> dict[str, str]:
    """Return the variables of the compose file for the options that are set.

    Args:
        layout: the checkout.
        options: the command's options.

    Raises:
        UsageError: an option does not apply to containers.
        InputMissing: the key file is not found.
    """
    for name, value in (("sessions", options.sessions), ("refresh", options.refresh)):
        if value is not None:
            raise UsageError(
                f"--{name} is an option of --engine local.",
                hint="The containers share a volume with the sessions.",
            )
    given = {
        "SERVE_ADDRESS": options.host or "",
        "SERVE_PORT": "" if options.port is None else str(options.port),
        "SERVE_MODEL": ",".join(_name(layout, word) for word in options.model),
        "SERVE_WORKERS": "" if options.workers is None else str(options.workers),
        "SERVE_LOG_REQUESTS": "1" if options.log_requests else "",
        "SERVE_KEYS": "" if options.keys is None else str(_existing(options.keys)),
        "SERVE_RATE": options.rate or "",
        "SERVE_CORS": ",".join(options.cors),
        "SERVE_ALLOW_HOST": ",".join(options.allow_host),
    }
    return {name: value for name, value in given.items() if value}


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputMissing(f"{path} does not exist.", path=path, role="keys")
    return path.resolve()


def _name(layout: Layout, word: str) -> str:
    """Return the name of a network that the containers have: one in models/, or the project's knowledge."""
    own = KNOWLEDGE_FILE.removesuffix(".pkl")
    name = word.removeprefix("models/")
    for ending in (".gz", ".bz2", ".pkl", ".xml", ".npz"):
        name = name.removesuffix(ending)
    if name != own and ("/" in name or "," in name or not any(layout.models.glob(f"{_literal(name)}.*"))):
        raise UsageError(
            f"{word} is not a network in {layout.shown(layout.models)}/.",
            hint=f"The containers serve that folder and, as {own}, the knowledge of MODEL_PATH or MODEL_NAME.",
        )
    return name


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
