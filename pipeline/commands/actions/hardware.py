"""Detect the hardware, write `.env`, and print both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from common.env_file import block, writing
from common.env_file.block import Edited
from common.env_file.variables import NAME
from common.errors import CannotWrite, UsageError
from common.project import Layout
from pipeline.commands.base.command import Context, Result
from pipeline.hardware.detection import Amount, Hardware, detect
from pipeline.hardware.machine import Machine
from pipeline.hardware.settings import GPU_AMD, GPU_NVIDIA, NAMES, Settings, number, settings_for

_GIB = 1 << 30
_KINDS = {
    "nvidia": "NVIDIA",
    "amd": "AMD",
    "apple": "Apple",
    "tpu": "TPU",
    "fpga": "FPGA",
}
_NEEDS = {GPU_NVIDIA: "nvidia", GPU_AMD: "amd"}


@dataclass(frozen=True)
class HardwareResult(Result):
    """The result of `hardware`.

    Attributes:
        hardware: the detected hardware.
        profile: the name of the selected profile; empty for none.
        variables: the variables in the generated block of `.env`.
        kept: variables that `.env` assigns outside the generated block, with their values, which take precedence.
        warnings: settings that will not work.
        written: whether `.env` was changed.
    """

    hardware: Hardware
    profile: str
    variables: Mapping[str, str]
    kept: Mapping[str, str]
    warnings: tuple[str, ...]
    written: bool

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {
            **asdict(self.hardware),
            "profile": self.profile or None,
            "variables": dict(self.variables),
            "kept": dict(self.kept),
            "warnings": list(self.warnings),
            "file": NAME,
            "written": self.written,
        }


def detect_and_write(
    context: Context, profile: str, *, write: bool, machine: Machine | None = None
) -> HardwareResult:
    """Detect the hardware, write the variables that fit it to `.env`, and print both.

    Args:
        context: the command's context.
        profile: ``auto``, ``none`` or the name of a profile.
        write: whether the file is written.
        machine: the machine to inspect; None for this machine.

    Raises:
        UsageError: the profile does not match the hardware, or the file cannot be read.
        CannotWrite: the file cannot be written.
    """
    machine = machine or Machine(environment=context.environment)
    hardware = detect(machine)
    path = context.layout.root / NAME
    before = _content(path, write=write)
    own = block.assigned_outside(before, NAMES)
    settings = _settings(context.layout, hardware, "" if profile == "none" else profile, own)
    edited = block.edit(before, settings.variables, NAMES)
    written = write and writing.replace(path, before, edited.content)
    result = HardwareResult(
        hardware=hardware,
        profile=settings.profile,
        variables=edited.written,
        kept={name: each.value for name, each in edited.kept.items()},
        warnings=tuple(_warnings(hardware, settings.profile, edited, context.environment)),
        written=written,
    )
    _print(context, result, edited, write=write)
    return result


def _content(path: Path, *, write: bool) -> bytes:
    try:
        return writing.read_bytes(path, to_replace=write)
    except CannotWrite as error:
        error.hint = error.hint or "--no-write shows the variables, which can then be set by hand."
        raise


def _settings(layout: Layout, hardware: Hardware, profile: str, own: Mapping[str, str]) -> Settings:
    files = {path.name for path in layout.root.glob("docker-compose*")}
    if profile not in ("", "auto"):
        if f"docker-compose.{profile}.yml" not in files:
            raise UsageError(
                f"--profile {profile}: docker-compose.{profile}.yml is not in the project's folder."
            )
        kind = _NEEDS.get(profile)
        if kind is not None and hardware.usable(kind) is None:
            remarks = [each.remark for each in hardware.accelerators if each.kind == kind]
            raise UsageError(
                f"--profile {profile}: containers cannot use an {_KINDS[kind]} GPU of this machine: "
                f"{remarks[0] if remarks else 'there is none'}."
            )
    return settings_for(hardware, profile, files, own)


def _warnings(hardware: Hardware, profile: str, edited: Edited, environment: Mapping[str, str]) -> list[str]:
    """Return what will not work: a limit beyond the engine's, another selection of files, a shell that overrides."""
    found = []
    most = hardware.engine.processors if hardware.engine is not None else 0
    own = edited.kept["CPU_LIMIT"].value if "CPU_LIMIT" in edited.kept else ""
    given = environment.get("CPU_LIMIT", own)
    if most and number(given) > most:
        found.append(f"CPU_LIMIT={given}: the container engine has {most} processors and refuses more.")
    if profile and "COMPOSE_FILE" in edited.kept:
        line = edited.kept["COMPOSE_FILE"].line
        found.append(f"The profile {profile} is not selected: line {line} of {NAME} sets COMPOSE_FILE.")
    overridden = [name for name in edited.written if name in environment]
    if overridden:
        found.append(f"The shell sets {', '.join(overridden)}, which takes precedence over {NAME}.")
    return found


def _print(context: Context, result: HardwareResult, edited: Edited, *, write: bool) -> None:
    hardware, engine = result.hardware, result.hardware.engine
    for title, text in (
        ("machine", f"{hardware.system}, {hardware.architecture}"),
        ("engine", f"docker {engine.version}, {engine.system}" if engine else "no container engine responds"),
        ("platform", hardware.platform or "unknown"),
        ("processors", _amount(hardware.processors, "{:g}")),
        ("memory", _amount(_in_gib(hardware.memory), "{:.1f} GiB")),
    ):
        context.console.print(f"  {title:<12} {text}")
    for each in hardware.accelerators:
        names = f"{len(each.names)} x {each.names[0]}" if len(set(each.names)) == 1 else ", ".join(each.names)
        state = "containers can use it" if each.usable else "containers cannot use it"
        remark = f": {each.remark}" if each.remark else ""
        context.console.print(f"  {_KINDS[each.kind]:<12} {names}; {state}{remark}")
    if not hardware.accelerators:
        context.console.print(f"  {'accelerators':<12} none")
    context.console.print(f"  {'profile':<12} {result.profile or 'none: docker-compose.yml alone'}")
    state = "not written (--no-write)" if not write else "written" if result.written else "unchanged"
    context.console.print(f"  {NAME:<12} {state}")
    for name, value in result.variables.items():
        context.console.print(f"    {name}={value}")
    for name, own in edited.kept.items():
        context.console.print(f"    {name}={own.value} (line {own.line}, not written by this command; kept)")
    for warning in result.warnings:
        context.console.note(f"WARNING: {warning}")


def _in_gib(amount: Amount) -> Amount:
    limits = tuple((name, value / _GIB) for name, value in amount.limits)
    return Amount(amount.total, amount.usable / _GIB, limits)


def _amount(amount: Amount, form: str) -> str:
    if not amount.usable:
        return "unknown"
    limits = ", ".join(f"{name} {form.format(value)}" for name, value in amount.limits)
    return f"{form.format(amount.usable)} usable" + (f" ({limits})" if limits else "")
