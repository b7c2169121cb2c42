"""Turns a compose file that nobody trusts into one that can be run: what is dangerous is refused, with reasons.

What comes out holds nothing but values that were looked at: texts that no variable is left in, folders of the
submission's copy, limits and rights of the evaluation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from evaluation.compose import keys
from evaluation.compose.compose_file import ComposeFile
from evaluation.compose.interpolation import read_env
from evaluation.compose.mounts import Mount, MountError, MountRefused, read_mount
from evaluation.quotas import Limits
from evaluation.submission.submission import Submission

# The task has three; each takes memory, time, and a build.
MOST_SERVICES = 10
_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


@dataclass(frozen=True)
class Refusal:
    """Something a compose file asks for that an evaluation does not give.

    Attributes:
        where: the service, or the key at the top.
        what: the key with its value.
        reason: why not.
    """

    where: str
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: `{self.what}` {self.reason}"


@dataclass(frozen=True)
class BuildRequest:
    """An image that the compose file builds itself.

    Attributes:
        context: the folder, relative to the submission.
        dockerfile: relative to the context.
        arguments: build arguments.
        target: the stage to stop at; empty for the last.
    """

    context: str
    dockerfile: str
    arguments: tuple[tuple[str, str], ...] = ()
    target: str = ""


@dataclass(frozen=True)
class SafeService:
    """One service that can be run.

    Attributes:
        name: as the submission calls it.
        image: the image it names; empty where it only builds one.
        build: what it builds; None where it builds nothing.
        depends_on: the services it waits for, with what it waits for.
        mounts: the folders and volumes it sees.
        settings: the rest, ready to be written.
    """

    name: str
    image: str
    build: BuildRequest | None
    depends_on: Mapping[str, str]
    mounts: tuple[Mount, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class SafeStack:
    """What a compose file comes to.

    Attributes:
        services: those that can be run, by name.
        mistakes: why Compose would refuse the file.
        refusals: why the evaluation does.
        left_out: keys that were not taken over, as ``service.key``.
    """

    services: Mapping[str, SafeService]
    mistakes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    left_out: tuple[str, ...] = field(default=())


def make_safe(compose: ComposeFile, submission: Submission, limits: Limits) -> SafeStack:
    """Looks at every key of a compose file.

    Args:
        compose: the file, read.
        submission: whose files it may use.
        limits: what its services get.
    """
    if compose.mistakes:
        return SafeStack({}, compose.mistakes)
    if len(compose.services) > MOST_SERVICES:
        what, reason = (
            f"{len(compose.services)} services",
            f"are more than the {MOST_SERVICES} of an evaluation",
        )
        return SafeStack({}, refusals=(Refusal("services", what, reason),))
    job = _Job(compose, submission, limits)
    job.top()
    services = {name: job.service(name, content) for name, content in compose.services.items()}
    job.dependencies(services)
    return SafeStack(services, tuple(job.mistakes), tuple(job.refusals), tuple(job.left_out))


class _Job:
    def __init__(self, compose: ComposeFile, submission: Submission, limits: Limits) -> None:
        self.compose = compose
        self.submission = submission
        self.limits = limits
        self.mistakes: list[str] = []
        self.refusals: list[Refusal] = []
        self.left_out: list[str] = []

    def refuse(self, where: str, what: str, reason: str) -> None:
        self.refusals.append(Refusal(where, what[:120], reason))

    def mistake(self, text: str) -> None:
        self.mistakes.append(f"{self.compose.name}: {text}")

    # --- the top level

    def top(self) -> None:
        for key, value in self.compose.data.items():
            if key.startswith("x-"):
                continue
            if key not in keys.KNOWN_AT_THE_TOP:
                self.mistake(f"Compose knows no `{key}:` at the top")
            elif key == "include":
                self.refuse("include", "include", "takes its content from elsewhere; write it out")
            elif key in ("volumes", "networks"):
                self._declared(key, value)

    def _declared(self, key: str, value: Any) -> None:
        if value is not None and not isinstance(value, Mapping):
            self.mistake(f"`{key}:` is no mapping")
            return
        for name, content in (value or {}).items():
            about = content if isinstance(content, Mapping) else {}
            if _truth(about.get("external")) or isinstance(about.get("external"), Mapping):
                self.refuse(f"{key}.{name}", "external: true", "lies outside the submission")
            if key == "volumes" and about.get("driver_opts"):
                self.refuse(f"{key}.{name}", "driver_opts", "can bring in any folder of the host")
            if about.get("driver") not in (None, "", "local", "default", "bridge"):
                self.refuse(
                    f"{key}.{name}",
                    f"driver: {about['driver']}",
                    "is not a driver of a plain volume or network",
                )

    # --- one service

    def service(self, name: str, content: Mapping[str, Any]) -> SafeService:
        for key, value in content.items():
            self._key(name, key, value)
        image, build = str(content.get("image") or ""), self._build(name, content.get("build"))
        if not image and build is None:
            self.mistake(f"the service {name} has neither an image nor a build")
        settings: dict[str, Any] = {
            key: content[key] for key in keys.TAKEN_OVER if content.get(key) is not None
        }
        if isinstance(settings.get("restart"), bool):
            settings["restart"] = "no"  # what YAML makes of a bare no
        settings["environment"] = self._environment(name, content)
        if tmpfs := self._tmpfs(name, content.get("tmpfs")):
            settings["tmpfs"] = tmpfs
        self._rights(name, content, settings)
        mounts = self._mounts(name, content.get("volumes"))
        depends_on = self._depends_on(name, content.get("depends_on"))
        for link in content.get("links") or []:  # an older way to say it
            depends_on.setdefault(str(link).partition(":")[0], "service_started")
        return SafeService(name, image, build, depends_on, mounts, settings)

    def _key(self, name: str, key: str, value: Any) -> None:
        if key.startswith("x-"):
            return
        if key not in keys.KNOWN:
            self.mistake(f"Compose knows no `{key}:` in a service (it stands in {name})")
        elif key in keys.REFUSED and value not in (None, [], {}):
            self.refuse(name, key, keys.REFUSED[key])
        elif key in keys.LEFT_OUT:
            self.left_out.append(f"{name}.{key}")
        elif key == "privileged" and value not in (False, None, "false", "no", "off", "0", 0):
            self.refuse(name, "privileged: true", "gives the container every right on the host")
        elif key in keys.NAMESPACES:
            self._namespace(name, key, str(value or ""))
        elif key == "deploy":
            self._deploy(name, value)

    def _namespace(self, name: str, key: str, value: str) -> None:
        if value == "host" or value.startswith("host:"):
            self.refuse(name, f"{key}: host", "shares it with the host")
        elif value.startswith("container:"):
            self.refuse(
                name, f"{key}: {value}", "reaches into a container that is not part of the submission"
            )
        elif value not in ("", "none", "private", "shareable"):
            self.left_out.append(f"{name}.{key}")

    def _deploy(self, name: str, value: Any) -> None:
        resources = value.get("resources") if isinstance(value, Mapping) else None
        reserved = resources.get("reservations") if isinstance(resources, Mapping) else None
        if isinstance(reserved, Mapping) and reserved.get("devices"):
            self.refuse(name, "deploy.resources.reservations.devices", keys.REFUSED["gpus"])
        self.left_out.append(f"{name}.deploy")

    def _build(self, name: str, value: Any) -> BuildRequest | None:
        if value is None:
            return None
        about = {"context": value} if isinstance(value, str) else value
        if not isinstance(about, Mapping):
            self.mistake(f"`build:` of {name} is neither a folder nor a mapping")
            return None
        for key in set(about) - {
            "context",
            "dockerfile",
            "args",
            "target",
            "labels",
            "tags",
            "pull",
            "no_cache",
        }:
            if key in (
                "cache_from",
                "cache_to",
                "shm_size",
                "platforms",
                "network",
                "isolation",
                "provenance",
                "sbom",
            ):
                self.left_out.append(f"{name}.build.{key}")
            else:
                self.refuse(name, f"build.{key}", "is not taken over into the builds of an evaluation")
        context, dockerfile = str(about.get("context") or "."), str(about.get("dockerfile") or "Dockerfile")
        if re.match(r"[A-Za-z][\w+.-]*://|git@", context):
            self.refuse(name, f"build: {context}", "lies elsewhere, not in the submission")
            return None
        folder = self._inside(name, "build", context)
        if folder is None or self._inside(name, "build.dockerfile", f"{context}/{dockerfile}") is None:
            return None
        arguments = _pairs(about.get("args"))
        return BuildRequest(
            folder, dockerfile, tuple(sorted(arguments.items())), str(about.get("target") or "")
        )

    def _inside(self, name: str, key: str, text: str) -> str | None:
        """The path of a file of the submission; None, and a refusal, where it lies outside."""
        plain = os.path.normpath(text.replace("\\", "/"))
        try:
            if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text) or plain.startswith(".."):
                raise ValueError
            self.submission.path(plain)
        except ValueError:
            self.refuse(name, f"{key}: {text}", "lies outside the submission")
            return None
        return PurePosixPath(plain).as_posix()

    def _environment(self, name: str, content: Mapping[str, Any]) -> dict[str, str]:
        values: dict[str, str] = {}
        files = content.get("env_file") or []
        for entry in [files] if isinstance(files, (str, Mapping)) else files:
            required = not isinstance(entry, Mapping) or _truth(entry.get("required", True))
            text = str(entry.get("path", "")) if isinstance(entry, Mapping) else str(entry)
            path = self._inside(name, "env_file", text)
            if path is not None and not self.submission.has(path) and required:
                self.mistake(f"the env_file {text} of {name} is not there")
            elif path is not None:
                values |= read_env(self.submission.text(path))
        return values | _pairs(content.get("environment"))

    def _tmpfs(self, name: str, value: Any) -> list[str]:
        entries = [value] if isinstance(value, str) else value or []
        found = []
        for entry in entries:
            place, _, options = str(entry).partition(":")
            kept = [
                option for option in options.split(",")
                if re.fullmatch(r"(mode|uid|gid)=\d+|exec|noexec|nosuid|nodev", option)
            ]  # fmt: skip
            size = re.search(r"size=(\d+)([kmg]?)", options.lower())
            most = self.limits.disk // 4
            wanted = int(size.group(1)) * 1024 ** " kmg".index(size.group(2) or " ") if size else most
            found.append(f"{place}:{','.join([*kept, f'size={min(wanted, most)}'])}")
        return found

    def _rights(self, name: str, content: Mapping[str, Any], settings: dict[str, Any]) -> None:
        wanted = {str(right).upper().removeprefix("CAP_") for right in content.get("cap_add") or []}
        dropped = {str(right).upper().removeprefix("CAP_") for right in content.get("cap_drop") or []}
        for right in sorted(wanted - set(keys.RIGHTS) - {"NET_BIND_SERVICE"}):
            self.refuse(name, f"cap_add: {right}", "is a right that copying and computing do not need")
        for option in content.get("security_opt") or []:
            if not re.fullmatch(r"no-new-privileges([:=](true|false))?", str(option)):
                self.refuse(name, f"security_opt: {option}", "takes a protection of the host away")
        given = set() if "ALL" in dropped else set(keys.RIGHTS) - dropped
        settings["cap_drop"] = ["ALL"]
        if rights := sorted(given | (wanted & set(keys.RIGHTS))):
            settings["cap_add"] = rights
        settings["security_opt"] = ["no-new-privileges:true"]

    def _mounts(self, name: str, value: Any) -> tuple[Mount, ...]:
        if value is not None and not isinstance(value, list):
            self.mistake(f"`volumes:` of {name} is no list")
            return ()
        declared = self.compose.data.get("volumes") or {}
        found = []
        for number, entry in enumerate(value or []):
            try:
                mount = read_mount(entry, self.submission, anonymous=f"{name}-{number}")
            except MountRefused as error:
                self.refuse(name, f"volumes: {error.text}", str(error))
            except MountError as error:
                self.mistake(f"{name}: {error}")
            else:
                if mount.kind == "named" and mount.source not in declared:
                    self.mistake(
                        f"the volume {mount.source} of {name} is not declared under `volumes:` at the top"
                    )
                found.append(mount)
        return tuple(found)

    def _depends_on(self, name: str, value: Any) -> dict[str, str]:
        if isinstance(value, list):
            return {str(other): "service_started" for other in value}
        if not isinstance(value, Mapping):
            if value is not None:
                self.mistake(f"`depends_on:` of {name} is neither a list nor a mapping")
            return {}
        found = {}
        for other, about in value.items():
            condition = (
                about.get("condition", "service_started") if isinstance(about, Mapping) else "service_started"
            )
            if condition not in _CONDITIONS:
                self.mistake(
                    f"{name} waits for {other} on a condition that Compose does not know: {condition}"
                )
            found[other] = str(condition)
        return found

    def dependencies(self, services: Mapping[str, SafeService]) -> None:
        for name, service in services.items():
            for other in service.depends_on:
                if other not in services:
                    self.mistake(f"{name} depends on {other}, but there is no such service")
            if name in depends(services, name):
                self.mistake(f"{name} depends on itself, by way of others")


def depends(services: Mapping[str, SafeService], name: str) -> set[str]:
    """All services that one depends on, also by way of others."""
    found: set[str] = set()
    waiting = list(services[name].depends_on)
    while waiting:
        other = waiting.pop()
        if other in found or other not in services:
            continue
        found.add(other)
        waiting += services[other].depends_on
    return found


def _pairs(value: Any) -> dict[str, str]:
    """Variables out of a mapping or a list; one without a value would be the host's, and there is none."""
    if isinstance(value, list):
        parted = [str(entry).partition("=") for entry in value]
        return {name: text for name, sign, text in parted if sign}
    if not isinstance(value, Mapping):
        return {}
    return {str(name): _text(inner) for name, inner in value.items() if inner is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _truth(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "on", "1")
