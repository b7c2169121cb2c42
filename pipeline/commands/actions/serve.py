"""Start the server, and print its address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.extras import ensure
from pipeline.commands.actions.serve_models import ModelOptions, served_models
from pipeline.commands.base.command import Context, Result

if TYPE_CHECKING:
    from pipeline.commands.actions.serve_access import AccessOptions


@dataclass
class ServeResult(Result):
    """The result of `serve`.

    Attributes:
        address: the URL of the server.
    """

    address: str

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"address": self.address}


def serve(
    context: Context,
    models: ModelOptions,
    *,
    host: str,
    port: int,
    workers: int,
    log_requests: bool,
    access: AccessOptions,
    sessions: Path | None = None,
) -> ServeResult:
    """Serve until a signal ends the server.

    Args:
        context: the command's context.
        models: the options that choose the models.
        host: the address to listen on.
        port: the port; 0 for a free one.
        workers: number of processes.
        sessions: the folder that keeps the sessions; None for a private one.
        log_requests: whether every request is logged.
        access: who may use the server.

    Raises:
        UsageError: the address cannot be used.
        InputMissing: a network or the key file is not found.
        RegistryUnavailable: the MLflow server cannot be reached.
        KeyFileError: the key file is not valid.
        MissingPackage: a package cannot be installed.
    """
    ensure("serve", context.layout, context.console.note)
    from serving.server import bind
    from serving.settings import SessionSettings, Settings
    from serving.workers import run_workers

    with served_models(context, models) as served:
        settings = Settings(
            sources=served.sources,
            host=host,
            port=port,
            workers=workers,
            sessions=SessionSettings(folder=sessions),
            log_requests=log_requests,
        )
        settings = access.applied_to(settings)
        with bind(settings) as bound:
            shown = f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{bound.getsockname()[1]}"

            def say(names: list[str]) -> None:
                context.console.print(f"  serving      {', '.join(names) or 'no model yet'}")
                context.console.print(f"  address      {address}  (documentation: {address}/docs)")

            run_workers(settings, bound, say, served.on_reload)
    context.console.print("  stopped")
    return ServeResult(address)
