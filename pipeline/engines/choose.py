"""Which engine: the one asked for, or the best that answers here, said with the reason."""

from __future__ import annotations

from pipeline.engines.base import LOOK_TIMEOUT, Engine
from pipeline.engines.docker import DockerEngine
from pipeline.engines.docker_command import find_docker
from pipeline.engines.local import LocalEngine
from pipeline.errors import EngineUnavailable
from pipeline.project import Layout


def choose_engine(
    layout: Layout, wanted: str, *, compose: str = "auto", patience: float = LOOK_TIMEOUT
) -> tuple[Engine, str]:
    """Finds the engine to use.

    Args:
        layout: the checkout.
        wanted: auto, docker or local.
        compose: which generation of Compose: auto, v1 or v2.
        patience: seconds that each container may take when it is looked at alone.

    Returns:
        The engine, and one line that says which and why.

    Raises:
        EngineUnavailable: docker was asked for and does not answer.
    """
    if wanted == "local":
        local = LocalEngine(layout, patience=patience)
        return local, f"{local.describe()} (as asked)"
    try:
        docker = DockerEngine(layout, *find_docker(compose=compose), patience=patience)
    except EngineUnavailable as error:
        if wanted == "docker":
            raise
        local = LocalEngine(layout, patience=patience)
        return local, f"{local.describe()} ({error.message.splitlines()[0]})"
    why = "as asked" if wanted == "docker" else "a daemon answers"
    return docker, f"{docker.describe()} ({why})"
