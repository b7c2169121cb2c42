"""Render docker-compose.yml. Only this file reads variables of the host, because its request is trusted."""

from __future__ import annotations

from pipeline.compose.building import stack_of
from pipeline.compose.checkout.code_service import code_service
from pipeline.compose.checkout.comments import DATA, HEADER, ROOT
from pipeline.compose.checkout.data_services import data_service
from pipeline.compose.checkout.default_request import default_request
from pipeline.compose.stack import Service, Stack
from pipeline.compose.yaml_text import Commented, Flow, Raw, Value, yaml_text


def checkout_text() -> str:
    """Return the content of docker-compose.yml."""
    stack = stack_of(default_request())
    activationbase, knowledgebase, codebase = stack.services
    document: dict[str, Value] = {
        "x-hardened": Commented(_hardened(stack), ("Settings of all three services.",), anchor="hardened"),
        "x-data": Commented(_data(activationbase), DATA, blank=True, anchor="data"),
        "services": Commented(
            {
                activationbase.name: data_service(
                    activationbase, chosen_by="DATA", others=(_folder(codebase),)
                ),
                knowledgebase.name: Commented(data_service(knowledgebase, chosen_by="MODEL"), blank=True),
                codebase.name: Commented(code_service(codebase), blank=True),
            },
            blank=True,
        ),
        "volumes": Commented({"signals": Commented(None, _VOLUME_COMMENT)}, blank=True),
    }
    return yaml_text(document, header=HEADER)


_VOLUME_COMMENT = ("The pipes and notices of a run. `down --volumes` removes the volume.",)


def _folder(service: Service) -> str:
    return service.build.context.removeprefix("./") if service.build else ""


def _hardened(stack: Stack) -> dict[str, Value]:
    """Return the settings that all services share."""
    return {
        "network_mode": Commented(
            stack.network or "none",
            (
                "The services need no network, so they have none: nothing can leak, and nothing can be attacked.",
            ),
        ),
        "read_only": Commented(True, ("Only the volumes and a small temporary file system are writable.",)),
        "security_opt": ["no-new-privileges:true"],
        "cap_drop": ["ALL"],
        "stop_grace_period": Commented(
            Raw("5s"), ("The services exit on SIGTERM at once; the default of ten seconds is not needed.",)
        ),
        "platform": Commented(Raw("${PLATFORM:-}"), ("Empty means the platform of the engine.",)),
    }


def _data(service: Service) -> dict[str, Value]:
    return {
        "<<": Raw("*hardened"),
        "user": Commented("0:0", ROOT),
        "cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        "tmpfs": [Raw("/run:size=64k")],
        "mem_limit": Raw(f"{(service.limits.memory or 0) >> 20}m"),
        "pids_limit": 32,
        "healthcheck": Commented(
            {
                "test": Flow(("CMD", "publish", "--healthy")),
                "interval": Raw("250ms"),
                "timeout": Raw("30s"),
                "start_period": Commented(
                    Raw("1h"),
                    ("Copying a large file takes time; a failed check does not count until then.",),
                ),
            },
            ("/run is empty at every start, so only a copy of this run makes the container healthy.",),
        ),
    }
