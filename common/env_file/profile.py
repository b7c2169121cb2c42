"""The hardware profile that COMPOSE_FILE selects."""

from __future__ import annotations

import os
from collections.abc import Mapping

from common.project import PROFILES

FILES, SEPARATOR = "COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR"

_OVERRIDES = ("docker-compose.override.yml", "docker-compose.override.yaml")


def selected_profile(environment: Mapping[str, str]) -> str:
    """Return the profile whose compose file is in COMPOSE_FILE after docker-compose.yml; empty if there is none.

    Args:
        environment: the environment variables.
    """
    separator = environment.get(SEPARATOR) or os.pathsep
    names = environment.get(FILES, "").split(separator)
    main, *others = (name.strip().removeprefix("./") for name in names)
    added = [name for name in others if name not in _OVERRIDES]
    if main != "docker-compose.yml" or len(added) != 1:
        return ""
    return next((profile for profile in PROFILES if added[0] == f"docker-compose.{profile}.yml"), "")
