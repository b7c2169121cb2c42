"""Watch the steps of a build: limits on processes and disk, and the layers of a build that failed."""

from __future__ import annotations

import re
import time

from common.container_state import engine_time
from evaluation.engine.session import DISK, EngineSession

# The reason for stopping a build whose steps imitate the lines in which the builder announces its steps.
IMITATED = "imitated"


class StepMonitor:
    """Watches the container of each step while it runs; the builder's output names it.

    A step prints to the same output and can imitate such lines. So a container or image in such a line counts only if
    it was created after this build began, and an image only if it has no tag. A build with more such lines than steps
    is stopped, because its last steps would be examined too late.

    Args:
        engine: the engine session.
        steps: the number of steps of the build.
        began: the engine's time when the build began, in seconds since 1970; see `time_of`.
    """

    def __init__(self, engine: EngineSession, steps: int, began: float) -> None:
        self.engine = engine
        self.steps = steps
        self.running = ""
        self.written: dict[str, int] = {}
        self._began = began
        self._last_check = 0.0
        self._step_lines = 0
        self._layer_lines = 0
        self._layers: list[str] = []
        self._latest = ""

    def on_line(self, line: str) -> None:
        """Process one line of the build's output.

        Args:
            line: the line, without its end.
        """
        if match := re.match(r"\s*---> ([0-9a-f]{12})$", line):
            self._layer_lines += 1
            if self.running and not self.imitated:
                self._layers.append(match.group(1))
            self._latest = match.group(1)
            return
        match = re.match(r"\s*---> Running in ([0-9a-f]{12,64})$", line)
        if match:
            self._step_lines += 1
            if not self.imitated and self._is_of_this_build(match.group(1), "container"):
                self.running = match.group(1)
                # The builder has no option for it; the limit is set as soon as the step runs.
                self.engine.backend.limit_processes(self.running, self.engine.limits.build_processes)

    @property
    def imitated(self) -> bool:
        """Whether a step has imitated the builder: there are more such lines than the builder prints."""
        return self._step_lines > self.steps or self._layer_lines > self.steps + 1

    def check(self) -> str | None:
        """Return why the build has to be stopped; None if it may continue."""
        if self.imitated:
            return IMITATED
        if not self.running or time.monotonic() - self._last_check < 1.0:
            return None
        self._last_check = time.monotonic()
        size = self.engine.written_bytes(self.running)
        self.written[self.running] = max(size, self.written.get(self.running, 0))
        return DISK if sum(self.written.values()) > self.engine.limits.build_disk else None

    def stop(self) -> None:
        """Remove the container of the running step."""
        if self.running:
            self.engine.remove_containers([self.running])

    def remove_layers(self) -> None:
        """Remove the layers of a build that failed; they have no tag by which they would be found later."""
        # A step that imitates the builder prints before the builder does: its own layer is the latest one.
        for image in dict.fromkeys([self._latest, *reversed(self._layers)]):
            if image and self._is_of_this_build(image, "image"):
                self.engine.backend.remove("image", image, force=False)

    def _is_of_this_build(self, name: str, kind: str) -> bool:
        details = next(iter(self.engine.inspect(name, kind=kind)), {})
        if not details or details.get("RepoTags"):
            return False
        return _timestamp(details["Created"]) >= self._began


def time_of(engine: EngineSession) -> float:
    """Return the clock of an engine, in seconds since 1970.

    Args:
        engine: the engine session.
    """
    return _timestamp(engine.information().time)


def _timestamp(text: str) -> float:
    """Convert a time to seconds since 1970; a time that is unknown or cannot be parsed is before all others."""
    try:
        time = engine_time(text)
    except ValueError:
        return 0.0
    return time.timestamp() if time else -1.0
