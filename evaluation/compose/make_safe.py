"""Turn an untrusted compose file into one that is safe to run; what is dangerous is refused with a reason.

The result contains only checked values: strings without variables, folders of the submission's copy, and the limits
and capabilities that the evaluation sets.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from evaluation.compose import hardware, keys, shapes
from evaluation.compose.compose_file import ComposeFile
from evaluation.compose.findings import Findings
from evaluation.compose.interpolation import read_env
from evaluation.compose.mounts import Mount, MountError, MountRefused, is_plain_volume, read_mount
from evaluation.compose.safe_stack import Refusal, SafeService, SafeStack, dependencies_of
from evaluation.compose.service_build import read_build
from evaluation.compose.values import is_true, read_pairs
from evaluation.quotas import Limits
from evaluation.submission.submission import Submission

# The task has three services; each takes memory, time, and a build.
MOST_SERVICES = 10
_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def make_safe(compose: ComposeFile, submission: Submission, limits: Limits) -> SafeStack:
    """Check every key of a compose file.

    Args:
        compose: the parsed file.
        submission: the submission whose files it may use.
        limits: the limits of its services.
    """
    if compose.mistakes:
        return SafeStack({}, compose.mistakes)
    if len(compose.services) > MOST_SERVICES:
        requested = f"{len(compose.services)} services"
        reason = f"exceed the limit of {MOST_SERVICES} services"
        return SafeStack({}, refusals=(Refusal("services", requested, reason),))
    checker = _Checker(compose, submission, limits)
    checker.check_top_level()
    services = {name: checker.check_service(name, content) for name, content in compose.services.items()}
    checker.check_dependencies(services)
    findings = checker.findings
    return SafeStack(
        services,
        tuple(findings.mistakes),
        tuple(findings.refusals),
        tuple(findings.left_out),
        tuple(findings.placeholders),
    )


class _Checker:
    """Checks one compose file, key by key."""

    def __init__(self, compose: ComposeFile, submission: Submission, limits: Limits) -> None:
        self.compose = compose
        self.submission = submission
        self.limits = limits
        self.findings = Findings(compose.name, submission)

    def check_top_level(self) -> None:
        """Check the top-level keys."""
        for text in shapes.wrong_at_the_top(self.compose.data):
            self.findings.mistake(text)
        for key, value in self.compose.data.items():
            if key.startswith("x-"):
                continue
            if key not in keys.KNOWN_AT_THE_TOP:
                self.findings.mistake(f"unknown top-level key `{key}:`")
            elif key == "include":
                reason = "loads its content from another file; write it into this file"
                self.findings.refuse("include", "include", reason)
            elif key in ("volumes", "networks"):
                self._check_declared(key, value)

    def _check_declared(self, key: str, value: Any) -> None:
        if value is not None and not isinstance(value, Mapping):
            self.findings.mistake(f"`{key}:` must be a mapping")
            return
        for name, content in (value or {}).items():
            settings = content if isinstance(content, Mapping) else {}
            if is_true(settings.get("external")) or isinstance(settings.get("external"), Mapping):
                text = "an empty volume is used" if key == "volumes" else "the services run without a network"
                self.findings.stand_in(f"{key}.{name}", "external: true", text)
            if key == "volumes" and (options := settings.get("driver_opts")):
                if is_plain_volume(options):
                    self.findings.stand_in(f"{key}.{name}", "driver_opts", "an empty volume is used")
                else:
                    self.findings.refuse(f"{key}.{name}", "driver_opts", "can mount any folder of the host")
            if settings.get("driver") not in (None, "", "local", "default", "bridge"):
                self.findings.refuse(
                    f"{key}.{name}",
                    f"driver: {settings['driver']}",
                    "is not a driver of a plain volume or network",
                )

    def check_service(self, name: str, content: Mapping[str, Any]) -> SafeService:
        """Check the keys of one service.

        Args:
            name: the service.
            content: its keys and values.
        """
        for key, value in content.items():
            self._check_key(name, key, value)
        for text in shapes.wrong_in_service(name, content, self.compose.data.get("networks")):
            self.findings.mistake(text)
        image, build = str(content.get("image") or ""), read_build(name, content.get("build"), self.findings)
        if not image and build is None:
            self.findings.mistake(f"the service {name} has neither an image nor a build")
        settings: dict[str, Any] = {key: content[key] for key in keys.COPIED if content.get(key) is not None}
        if isinstance(settings.get("restart"), bool):
            settings["restart"] = "no"  # YAML reads an unquoted no as a boolean
        settings["environment"] = self._environment(name, content)
        if tmpfs := self._tmpfs(name, content.get("tmpfs")):
            settings["tmpfs"] = tmpfs
        self._capabilities(name, content, settings)
        mounts = self._mounts(name, content.get("volumes"))
        depends_on = self._depends_on(name, content.get("depends_on"))
        for link in content.get("links") or []:  # the older form of depends_on
            depends_on.setdefault(str(link).partition(":")[0], "service_started")
        return SafeService(name, image, build, depends_on, mounts, settings)

    def _check_key(self, name: str, key: str, value: Any) -> None:
        if key.startswith("x-"):
            return
        if key not in keys.KNOWN:
            self.findings.mistake(f"unknown key `{key}:` in the service {name}")
        elif key in keys.REFUSED and value not in (None, [], {}):
            self._check_refused(name, key, value)
        elif key == "platform" and hardware.is_other_platform(value):
            self.findings.stand_in(
                name, f"platform: {value}", "images of this machine's architecture are used"
            )
        elif key in keys.IGNORED:
            self.findings.leave_out(f"{name}.{key}")
        elif key == "privileged" and value not in (False, None, "false", "no", "off", "0", 0):
            self.findings.refuse(name, "privileged: true", "gives the container all privileges on the host")
        elif key in keys.NAMESPACES:
            self._check_namespace(name, key, str(value or ""))
        elif key == "deploy":
            self._check_deploy(name, value)

    def _check_refused(self, name: str, key: str, value: Any) -> None:
        """Refuse a key, unless it requests a GPU: a machine without one runs the stack as well."""
        if not hardware.requests_gpu(key, value):
            self.findings.refuse(name, key, keys.REFUSED[key])
        elif value != "runc":
            self.findings.stand_in(name, key, hardware.GPU)

    def _check_namespace(self, name: str, key: str, value: str) -> None:
        if value == "host" or value.startswith("host:"):
            self.findings.refuse(name, f"{key}: host", "shares it with the host")
        elif value.startswith("container:"):
            self.findings.refuse(
                name, f"{key}: {value}", "joins a container that is not part of the submission"
            )
        elif value not in ("", "none", "private", "shareable"):
            self.findings.leave_out(f"{name}.{key}")

    def _check_deploy(self, name: str, value: Any) -> None:
        if devices := hardware.reserved_devices(value):
            key = "deploy.resources.reservations.devices"
            if all(map(hardware.is_gpu, devices)):
                self.findings.stand_in(name, key, hardware.GPU)
            else:
                self.findings.refuse(name, key, keys.REFUSED["devices"])
        self.findings.leave_out(f"{name}.deploy")

    def _environment(self, name: str, content: Mapping[str, Any]) -> dict[str, str]:
        values: dict[str, str] = {}
        files = content.get("env_file") or []
        for entry in [files] if isinstance(files, (str, Mapping)) else files:
            required = not isinstance(entry, Mapping) or is_true(entry.get("required", True))
            text = str(entry.get("path", "")) if isinstance(entry, Mapping) else str(entry)
            path = self.findings.path_inside(name, "env_file", text)
            if path is not None and not self.submission.has(path) and required:
                self.findings.mistake(f"the env_file {text} of {name} was not found")
            elif path is not None:
                values |= read_env(self.submission.text(path))
        return values | read_pairs(content.get("environment"))

    def _tmpfs(self, name: str, value: Any) -> list[str]:
        entries = [value] if isinstance(value, str) else value or []
        mounts = []
        for entry in entries:
            path, _, options = str(entry).partition(":")
            allowed = [
                option for option in options.split(",")
                if re.fullmatch(r"(mode|uid|gid)=\d+|exec|noexec|nosuid|nodev", option)
            ]  # fmt: skip
            size = re.search(r"size=(\d+)([kmg]?)", options.lower())
            limit = self.limits.disk // 4
            requested = int(size.group(1)) * 1024 ** " kmg".index(size.group(2) or " ") if size else limit
            mounts.append(f"{path}:{','.join([*allowed, f'size={min(requested, limit)}'])}")
        return mounts

    def _capabilities(self, name: str, content: Mapping[str, Any], settings: dict[str, Any]) -> None:
        added = {str(capability).upper().removeprefix("CAP_") for capability in content.get("cap_add") or []}
        dropped = {
            str(capability).upper().removeprefix("CAP_") for capability in content.get("cap_drop") or []
        }
        for capability in sorted(added - set(keys.CAPABILITIES) - {"NET_BIND_SERVICE"}):
            self.findings.refuse(
                name, f"cap_add: {capability}", "is a capability that copying and computing do not need"
            )
        for option in content.get("security_opt") or []:
            if not re.fullmatch(r"no-new-privileges([:=](true|false))?", str(option)):
                self.findings.refuse(name, f"security_opt: {option}", "removes a protection of the host")
        default = set() if "ALL" in dropped else set(keys.CAPABILITIES) - dropped
        settings["cap_drop"] = ["ALL"]
        if capabilities := sorted(default | (added & set(keys.CAPABILITIES))):
            settings["cap_add"] = capabilities
        settings["security_opt"] = ["no-new-privileges:true"]

    def _mounts(self, name: str, value: Any) -> tuple[Mount, ...]:
        if value is not None and not isinstance(value, list):
            return ()
        declared = self.compose.data.get("volumes") or {}
        mounts = []
        for number, entry in enumerate(value or []):
            try:
                base = posixpath.dirname(self.compose.name)
                mount = read_mount(entry, self.submission, anonymous=f"{name}-{number}", base=base)
            except MountRefused as error:
                self.findings.refuse(name, f"volumes: {error.text}", str(error))
            except MountError as error:
                self.findings.mistake(f"{name}: {error}")
            else:
                if mount.kind == "named" and mount.source not in declared:
                    self.findings.mistake(
                        f"the volume {mount.source} of {name} is not declared under `volumes:` at the top"
                    )
                mounts.append(mount)
        return tuple(mounts)

    def _depends_on(self, name: str, value: Any) -> dict[str, str]:
        if isinstance(value, list):
            return {str(other): "service_started" for other in value}
        if not isinstance(value, Mapping):
            if value is not None:
                self.findings.mistake(f"`depends_on:` of {name} must be a list or a mapping")
            return {}
        conditions = {}
        for other, settings in value.items():
            condition = (
                settings.get("condition", "service_started")
                if isinstance(settings, Mapping)
                else "service_started"
            )
            if condition not in _CONDITIONS:
                self.findings.mistake(f"{name} waits for {other} with an unknown condition: {condition}")
            conditions[other] = str(condition)
        return conditions

    def check_dependencies(self, services: Mapping[str, SafeService]) -> None:
        """Check that every service in a `depends_on:` exists, and that none depends on itself."""
        for name, service in services.items():
            for other in service.depends_on:
                if other not in services:
                    self.findings.mistake(f"{name} depends on {other}, but there is no such service")
            if name in dependencies_of(services, name):
                self.findings.mistake(f"{name} depends on itself through other services")
