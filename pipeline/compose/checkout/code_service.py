"""The service codebase in docker-compose.yml: it signals its start to the data containers and runs the program."""

from __future__ import annotations

from common.project import CODE_VARIABLES
from pipeline.compose.checkout.data_services import SIGNALS_MOUNT, mount_of
from pipeline.compose.stack import Service
from pipeline.compose.yaml_text import Block, Commented, Flow, Raw, Value

_FIRST_PIPE = 8
_SCRIPT = """\
tries=0
for name in {names}; do
  # `up` waits for the data containers; `restart` and `start` do not.
  until [ -e /signals/$name.ready ] || [ -e /signals/$name.failed ] || [ $tries -ge 150 ]; do
    tries=$((tries + 1))
    sleep 0.2
  done
  [ -e /signals/$name.ready ] || echo "WARNING: $name failed or is missing, or its image is from another" \\
    "version of this project (docker-compose up --build); its file may be from an earlier run" >&2
done
{pipes}\
exec "$@"
"""
_THREADS = Raw("${CPU_THREADS:-1}")


def code_service(service: Service) -> dict[str, Value]:
    """Return the service that runs the program."""
    context = service.build.context if service.build else ""
    target = Commented(service.name, ("Builders without BuildKit build every stage up to this one.",))
    words: list[Value] = ["sh", Raw("-c"), Block(_script(service.depends_on)), service.name]
    conditions: dict[str, Value] = {name: {"condition": "service_healthy"} for name in service.depends_on}
    return {
        "<<": Raw("*hardened"),
        "image": Raw(f"${{CODE_IMAGE:-{service.image}}}:${{IMAGE_TAG:-latest}}"),
        "build": {"context": context, "target": target},
        "entrypoint": Commented(
            words,
            (
                "Signals the start of codebase to the data containers, and keeps their pipes open until it exits.",
            ),
        ),
        "command": Flow(service.command),
        "depends_on": Commented(
            conditions,
            ("Starts when both files of this run are copied. Its exit status is that of the run.",),
        ),
        "environment": _environment(service),
        "tmpfs": [Raw("/tmp:size=16m")],
        "cpus": Commented(
            Raw("${CPU_LIMIT:-0}"), ("0: no limit. The engine refuses more CPUs than it has.",)
        ),
        "mem_limit": Raw(f"${{MEMORY_LIMIT:-{(service.limits.memory or 0) >> 30}g}}"),
        "pids_limit": 64,
        "volumes": [*(mount_of(mount) for mount in service.mounts), {**SIGNALS_MOUNT, "read_only": True}],
    }


def _script(names: tuple[str, ...]) -> str:
    pipes = "".join(
        f"[ ! -p /signals/{name} ] || {{ exec {number}<>/signals/{name}; echo started >&{number}; }}\n"
        for number, name in enumerate(names, _FIRST_PIPE)
    )
    return _SCRIPT.format(names=" ".join(names), pipes=pipes)


def _environment(service: Service) -> dict[str, Value]:
    found: dict[str, Value] = dict(service.environment)
    found["NOTICES"] = Commented(
        "/signals",
        ("The folder where the data containers report images that do not match this checkout.",),
    )
    first, *others = CODE_VARIABLES
    found[first] = Commented(None, ("Passed through from the host if they are set there.",))
    found |= dict.fromkeys(others)
    found["OMP_NUM_THREADS"] = Commented(
        _THREADS,
        ("Inference has threads of its own, so the libraries that it uses get one thread each by default.",),
    )
    found["OPENBLAS_NUM_THREADS"] = _THREADS
    return found
