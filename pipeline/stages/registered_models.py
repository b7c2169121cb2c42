"""Networks named by an address in MLflow's model registry, ``models:/NAME@ALIAS``, instead of a path."""

from __future__ import annotations

from collections.abc import Mapping

from common.project import Layout

PREFIX = "models:/"
"""The prefix of the addresses."""


def local_knowledge(layout: Layout, environment: Mapping[str, str], path: str) -> str:
    """Return the path of a network, which is downloaded first if it is in the model registry.

    Args:
        layout: the checkout.
        environment: the environment variables; ``MLFLOW_TRACKING_URI`` names the server.
        path: a path, or an address that begins with ``models:/``.

    Raises:
        UsageError: the address is not valid, or no server is configured.
        InputMissing: the server has no such model, alias or version.
        RegistryUnavailable: the server cannot be reached.
    """
    if not path.startswith(PREFIX):
        return path
    from pipeline.stages.model_registry import download  # the modules for HTTP take a moment

    return download(layout, environment, path)
