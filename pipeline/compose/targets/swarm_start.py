"""Make the services of a stack wait for each other, because `docker stack deploy` ignores `depends_on`.

Once a service that others depend on is ready, it writes the time to a volume every second. The others wait for a time
that is current, so that files of an earlier run on the volume have no effect.
"""

from __future__ import annotations

from pipeline.compose.stack import Service, Stack
from pipeline.compose.targets import scripts
from pipeline.compose.targets.cluster import copied, group_of, runs_image_command, timed
from pipeline.compose.targets.compose_service import is_root
from pipeline.compose.yaml_text import Block, Value

SIGNALS = scripts.SIGNALS
"""The mount point of the volume with the times. Images that are built have this folder, writable for all users."""

_WAIT = f"""\
name=$1
[ "$(id -u)" != 0 ] || chmod 1777 {SIGNALS} 2>/dev/null || true
waited=0
for other in $2; do
  until {{ read -r time <"{SIGNALS}/$other"; }} 2>/dev/null && [ $(($(date +%s) - time)) -le 5 ]; do
    [ $waited -lt 3600 ] || {{ echo "ERROR: $other was not ready within an hour" >&2; exit 75; }}
    waited=$((waited + 1))
    sleep 1
  done
done
shift 2
"""
_REPORT = f"""\
trap 'exit 0' TERM INT
while :; do
  # Renamed once it is complete. Fails until a service that runs as root has made the volume writable.
  {{ date +%s >"{SIGNALS}/.$name" && mv "{SIGNALS}/.$name" "{SIGNALS}/$name"; }} 2>/dev/null || true
  sleep 1
done
"""


class Signals:
    """The services of a stack that report that they are ready, and those that wait for them.

    Args:
        stack: a checked request.
    """

    def __init__(self, stack: Stack) -> None:
        self._group = group_of(stack)
        needed = {name for service in stack.services for name in service.depends_on}
        can_write = any(map(is_root, stack.services))
        self._reporting = {
            service.name
            for service in stack.services
            if service.name in needed
            and not runs_image_command(service)
            and (can_write or service.build is not None)
        }
        self.volume = "signals"
        while self.volume in stack.volumes:
            self.volume += "_"

    @property
    def is_used(self) -> bool:
        """Whether the stack needs the volume with the times."""
        return bool(self._reporting)

    def awaited(self, service: Service) -> tuple[str, ...]:
        """Return the names of the services that a service waits for."""
        if runs_image_command(service):
            return ()
        return tuple(name for name in service.depends_on if name in self._reporting)

    def not_awaited(self, service: Service) -> tuple[str, ...]:
        """Return the names of the dependencies that a service does not wait for."""
        return tuple(name for name in service.depends_on if name not in self.awaited(service))

    def has(self, service: Service) -> bool:
        """Return whether a service needs the volume with the times."""
        return service.name in self._reporting or bool(self.awaited(service))

    def start(self, service: Service) -> dict[str, Value]:
        """Return the entry point and the command of a service."""
        copies = bool(service.publications or service.outdated)
        as_root = is_root(service)
        if runs_image_command(service) or not (self.has(service) or copies or as_root):
            return {"command": list(timed(service))} if service.command else {}
        group = self._group if as_root else ""
        script = _WAIT + (scripts.opening(group) if as_root else "")
        script += scripts.copying(self._group) if copies else ""
        if service.name in self._reporting:
            waits = service.waits_for_command
            script += scripts.before("/tmp/ready", waits_for_command=waits, group=group) + _REPORT
        else:
            script += scripts.become_command(group)
        folders = [mount.target for mount in service.mounts if not mount.read_only]
        words = [
            service.name,
            " ".join(self.awaited(service)),
            *([*folders, "--"] if as_root else ()),
            *(copied(service) if copies else ()),
            *timed(service),
        ]
        return {"entrypoint": ["sh", "-c", Block(script), "sh"], "command": words}
