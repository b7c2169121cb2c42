"""codebase in docker-compose.yml: tells the data containers that it has started, and runs the program."""

from __future__ import annotations

from pipeline.compose.checkout.data_services import SIGNALS_MOUNT, mount_of
from pipeline.compose.stack import Service
from pipeline.compose.yaml_text import Block, Commented, Flow, Raw, Value

_FIRST_PIPE = 8
_SCRIPT = """\
tries=0
for name in {names}; do
  # `up` waits for them; `restart` and `start` do not.
  until [ -e /signals/$name.ready ] || [ -e /signals/$name.failed ] || [ $tries -ge 150 ]; do
    tries=$((tries + 1))
    sleep 0.2
  done
  [ -e /signals/$name.ready ] || echo "WARNING: $name has failed, is not there, or its image is of" \\
    "another version of this project (docker-compose up --build); its file may be of an earlier run" >&2
done
{pipes}\
exec "$@"
"""
_PASSED_ON = (
    "INPUT_COLUMNS",
    "TARGET_COLUMNS",
    "KEEP_COLUMNS",
    "IGNORE_CARD_NAMES",
    "SCALE_INPUTS",
    "SCALE_OUTPUTS",
    "LEGACY_NESTING",
    "CPU_THREADS",
)
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
                "Tells the data containers that codebase has started, and keeps their pipes open until it ends.",
            ),
        ),
        "command": Flow(service.command),
        "depends_on": Commented(
            conditions,
            ("Starts when both copies of this run are complete. Its exit status is that of the run.",),
        ),
        "environment": _environment(service),
        "tmpfs": [Raw("/tmp:size=16m")],
        "cpus": Commented(
            Raw("${CPU_LIMIT:-0}"), ("0: no limit. An engine refuses more processors than it has.",)
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
        ("The folder in which the data containers report images that do not match this checkout.",),
    )
    first, *others = _PASSED_ON
    found[first] = Commented(None, ("Passed through where they are set on the host.",))
    found |= dict.fromkeys(others)
    found["OMP_NUM_THREADS"] = Commented(
        _THREADS,
        (
            "Inference computes with threads of its own; unless told otherwise, the libraries below it use one each.",
        ),
    )
    found["OPENBLAS_NUM_THREADS"] = _THREADS
    return found
