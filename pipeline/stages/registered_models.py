"""Networks that are named by their address in MLflow's model registry, ``models:/NAME@ALIAS``, instead of a path."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.project import Layout

PREFIX = "models:/"
"""What the addresses begin with."""


def local_knowledge(layout: Layout, environment: Mapping[str, str], path: str) -> str:
    """Return the path of a network; one of the model registry is downloaded first.

    Args:
        layout: the checkout.
        environment: the environment variables; ``MLFLOW_TRACKING_URI`` names the server.
        path: a path, or an address that begins with ``models:/``.

    Raises:
        UsageError: the address is not of a form that is known, or no server is named.
        InputMissing: the server has no such model, alias or version.
        RegistryUnavailable: the server cannot be reached.
    """
    if not path.startswith(PREFIX):
        return path
    from pipeline.stages.model_registry import download  # the modules for HTTP take a moment

    return download(layout, environment, path)
