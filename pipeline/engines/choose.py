"""Choose the engine: the requested one, or docker if a daemon responds, otherwise local."""

from __future__ import annotations

from collections.abc import Mapping

from common.docker_command import find_daemon, find_docker
from common.errors import EngineUnavailable
from common.project import Layout
from pipeline.engines.base import TEST_TIMEOUT, Engine
from pipeline.engines.docker import DockerEngine
from pipeline.engines.local import LocalEngine
from pipeline.engines.training_container import ContainerTraining
from pipeline.engines.training_program import LocalTraining, TrainingEngine


def choose_engine(
    layout: Layout,
    requested: str,
    environment: Mapping[str, str] | None = None,
    *,
    compose: str = "auto",
    timeout: float = TEST_TIMEOUT,
    profile: str = "",
    arrow: bool = False,
) -> tuple[Engine, str]:
    """Choose the engine.

    Args:
        layout: the checkout.
        requested: auto, docker or local.
        environment: the environment variables of the run; None for those of this process.
        compose: the version of Compose: auto, v1 or v2.
        timeout: time limit for each test of a container, in seconds.
        profile: the hardware profile of the containers, one of `PROFILES`; empty for none.
        arrow: whether the rows can only be read with pyarrow.

    Returns:
        The engine, and a line that names it and the reason.

    Raises:
        EngineUnavailable: docker is requested and does not respond.
    """
    without = f"; without containers, the profile {profile} has no effect" if profile else ""
    if requested == "local":
        local = LocalEngine(layout, environment, timeout=timeout)
        return local, f"{local.describe()} (as requested{without})"
    try:
        docker = DockerEngine(
            layout,
            *find_docker(compose=compose),
            environment,
            timeout=timeout,
            profile=profile,
            arrow=arrow,
        )
    except EngineUnavailable as error:
        if requested == "docker":
            raise
        why = error.message.splitlines()[0]
        local = LocalEngine(layout, environment, timeout=timeout, fallback=why)
        return local, f"{local.describe()} ({why}{without})"
    why = "as requested" if requested == "docker" else "a daemon responds"
    selected = f"; profile {profile}" if profile else ""
    return docker, f"{docker.describe()} ({why}{selected})"


def choose_training_engine(layout: Layout, wanted: str) -> tuple[TrainingEngine, str]:
    """Choose the engine that runs the training program.

    Args:
        layout: the checkout.
        wanted: auto, docker or local.

    Returns:
        The engine, and a line that names it and the reason.

    Raises:
        EngineUnavailable: docker is requested and does not respond.
    """
    local = LocalTraining()
    if wanted == "local":
        return local, f"{local.describe()} (as requested)"
    if wanted == "auto" and layout.missing():
        return local, f"{local.describe()} (there is no checkout here to build the image from)"
    try:
        version = find_daemon()
    except EngineUnavailable as error:
        if wanted == "docker":
            raise
        return local, f"{local.describe()} ({error.message.splitlines()[0]})"
    docker = ContainerTraining(layout, version)
    why = "as requested" if wanted == "docker" else "a daemon responds"
    return docker, f"{docker.describe()} ({why})"
