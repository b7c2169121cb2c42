"""The state of a container as the engine reports it: when it started, and when and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True)
class ContainerState:
    """When one container of a stack started and how it ended.

    Attributes:
        service: the name of the container's service in the compose file.
        started: start time; None if it was never started.
        ended: end time; None if it never ran or was still running.
        status: exit status; None if the container has not ended.
        remark: out of memory, killed, never started, and the like.
        restarts: the number of restarts by the engine; times and status are those of the last run.
    """

    service: str
    started: datetime | None
    ended: datetime | None
    status: int | None
    remark: str = ""
    restarts: int = 0

    @classmethod
    def from_inspect(cls, container: Mapping[str, Any]) -> ContainerState:
        """Read the state from one entry of ``docker inspect``.

        Args:
            container: the entry, decoded from JSON.
        """
        state = container["State"]
        service = container["Config"]["Labels"].get("com.docker.compose.service", "")
        remark = OUT_OF_MEMORY if state.get("OOMKilled") else str(state.get("Error") or "")
        started = engine_time(state["StartedAt"])
        if started is None:
            return cls(service, None, None, None, remark)
        restarts = int(container.get("RestartCount") or 0)
        if state["Running"]:
            return cls(service, started, None, None, remark, restarts)
        ended = engine_time(state["FinishedAt"])
        return cls(service, started, ended, int(state["ExitCode"]), remark, restarts)


def engine_time(text: str) -> datetime | None:
    """Parse a timestamp of the engine.

    Args:
        text: RFC 3339 with nanoseconds; the year 1 stands for "never".

    Returns:
        The time, or None for "never".

    Raises:
        ValueError: the text is not a timestamp.
    """
    if text.startswith("0001-"):
        return None
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00"))
