"""One container of a request, checked by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.compose.building import settings
from pipeline.compose.building.aliases import one_of
from pipeline.compose.building.gpus import gpus_of
from pipeline.compose.building.health import healthcheck_of
from pipeline.compose.building.images import image_of, is_from_this_project
from pipeline.compose.building.sources import Contents, contents_of
from pipeline.compose.checks import names
from pipeline.compose.checks.addresses import check_text
from pipeline.compose.checks.commands import checked_words, command_for
from pipeline.compose.checks.images import Image
from pipeline.compose.checks.paths import checked_folder, checked_inside
from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import Policy
from pipeline.compose.request import Container
from pipeline.compose.stack import Build, Role, Service

_HELD = {
    "activationbase_app07": ("data", "/activationBase/currentActivation.csv"),
    "knowledgebase_app07": ("model", "/knowledgeBase/currentSolution.pkl"),
    "learningbase_app07": ("data", "/learningBase/currentLearning.csv"),
}
_WITHOUT_PACKAGES = ("busybox", "activationbase_app07", "knowledgebase_app07", "learningbase_app07")
_CODE_IMAGES = ("codebase_app07", "codebase_app07_gpu")
CODE_USER = "10001:10001"


@dataclass
class Draft:
    """A checked container that does not have its dependencies and published files yet.

    Attributes:
        container: the container, as in the request.
        path: its path in the request, such as ``containers[0]``.
        service: the service, as far as the container itself defines it.
        contents: the files and packages added to the image.
        image: the image of the request; None if it was refused.
        needs: the names in depends_on, each with its path.
        order: the number in execution_order; None if there is none.
    """

    container: Container
    path: str
    service: Service
    contents: Contents
    image: Image | None
    needs: dict[str, str]
    order: int | None


def draft_of(container: Container, index: int, policy: Policy, findings: Findings) -> Draft | None:
    """Check a container by itself and return its draft; None if it has no valid name.

    Args:
        container: the container.
        index: its position in the list of containers.
        policy: the images and hosts that are allowed.
        findings: collects problems and warnings.
    """
    path = f"containers[{index}]"
    place, given = one_of(
        {f"{path}.name": container.name, f"{path}.container_name": container.container_name}, findings
    )
    if given is None:
        findings.refuse(place, "is missing: every container needs a name", "Write a name such as codebase.")
        return None
    name = names.checked_service_name(given, place, findings)
    if name is None:
        return None
    image = image_of(container, path, policy, findings)
    contents = contents_of(container, path, f"containers/{name}", policy, findings)
    _add_what_the_image_holds(contents, image)
    _check_that_the_image_fits(container, contents, image, path, findings)
    settings.check_security(container, path, findings)
    mounts = tuple(settings.mounts_of(container, path, findings))
    service = Service(
        name,
        _role(container, contents, image),
        image.text if image else "",
        command=_command(container, contents, image, path, findings),
        environment=settings.environment_of(container, path, findings),
        mounts=mounts,
        # A mount at /tmp replaces the temporary folder.
        writable=() if any(mount.target == "/tmp" for mount in mounts) else (("/tmp", 64),),
        limits=settings.limits_of(container, path, findings),
        gpus=gpus_of(container, path, findings),
        healthcheck=healthcheck_of(container, path, findings),
        ports=settings.ports_of(container, path, findings),
        working_directory=_folder_inside(container, contents, path, findings),
        dns=settings.dns_of(container, path, findings),
        restart=settings.restart_of(container.restart_policy, f"{path}.restart_policy", findings),
        labels=_labels(container, path, findings),
        request_path=path,
    )
    service = _with_names(service, container, findings)
    if container.build_context is not None:
        is_ours = image is not None and is_from_this_project(image)
        service = _with_context(service, container, contents, findings, is_ours=is_ours)
    return Draft(
        container, path, service, contents, image, _needs(container, path), _order(container, path, findings)
    )


def _add_what_the_image_holds(contents: Contents, image: Image | None) -> None:
    if image is None or not is_from_this_project(image) or image.base_name not in _HELD:
        return
    kind, path = _HELD[image.base_name]
    if kind == "data":
        contents.data = contents.data or path
    else:
        contents.model = contents.model or path


def _check_that_the_image_fits(
    container: Container, contents: Contents, image: Image | None, path: str, findings: Findings
) -> None:
    if image is not None and image.base_name in _WITHOUT_PACKAGES:
        for name in ("dependencies", "pip_packages", "system_packages", "custom_libraries"):
            if getattr(container, name):
                findings.refuse(
                    f"{path}.{name}",
                    f"cannot be installed in the image {image.base_name}",
                    "Set image to python.",
                )
        if contents.script.endswith(".py"):
            findings.refuse(
                f"{path}.image",
                f"the image {image.base_name} has no Python to run the script",
                "Set image to python.",
            )
    is_ours = image is not None and is_from_this_project(image)
    copied = {target for _, target in contents.copies}
    for name, target in (("data_source", contents.data), ("model_source", contents.model)):
        if target and target not in copied and not is_ours:
            findings.warn(f"{path}.{name}", f"has no url: the image or a mount must provide {target}")


def _role(container: Container, contents: Contents, image: Image | None) -> Role:
    is_code = contents.script or contents.requirements or contents.libraries or container.entry_point
    if is_code or (image is not None and is_from_this_project(image) and image.base_name in _CODE_IMAGES):
        return "code"
    if contents.data:
        return "data"
    return "model" if contents.model else "other"


def _command(
    container: Container, contents: Contents, image: Image | None, path: str, findings: Findings
) -> tuple[str, ...]:
    words = checked_words(container.command, f"{path}.command", findings)
    entry = checked_words(container.entry_point, f"{path}.entry_point", findings)
    arguments = checked_words(container.command_line_args, f"{path}.command_line_args", findings)
    if words and entry and entry[0] not in words:
        findings.warn(f"{path}.entry_point", "is not used, because command is set")
    if not words and entry:
        script = entry[0] if "/" in entry[0] or not contents.script else contents.script
        words = (
            (*command_for(script), *entry[1:])
            if len(entry) == 1 or entry[0].endswith((".py", ".sh"))
            else entry
        )
    elif not words and contents.script:
        words = command_for(contents.script)
    elif not words and image is not None and is_from_this_project(image) and image.base_name in _CODE_IMAGES:
        words = ("python", "UE_07_App5.py")
    return (*words, *arguments)


def _folder_inside(container: Container, contents: Contents, path: str, findings: Findings) -> str:
    if container.working_directory is None:
        return contents.code_folder
    return checked_inside(container.working_directory, f"{path}.working_directory", findings) or ""


def _labels(container: Container, path: str, findings: Findings) -> tuple[tuple[str, str], ...]:
    model = container.model_source
    version = (model.version if model else None) or container.model_version
    framework = (model.framework if model else None) or container.model_framework
    shapes = {
        "input": (model.input_shape if model else None) or container.model_input_shape,
        "output": (model.output_shape if model else None) or container.model_output_shape,
    }
    found = {"app07.model.version": version or "", "app07.model.framework": framework or ""}
    for name, text in found.items():
        check_text(text, f"{path}.{name.removeprefix('app07.').replace('.', '_')}", findings)
    for name, shape in shapes.items():
        sizes = shape if isinstance(shape, list) else [] if shape is None else [shape]
        found[f"app07.model.{name}_shape"] = "x".join(str(size) for size in sizes)
    return tuple((name, text) for name, text in found.items() if text)


def _with_names(service: Service, container: Container, findings: Findings) -> Service:
    user = hostname = platform = ""
    path = service.request_path
    if container.user is not None:
        user = names.checked_user(container.user, f"{path}.user", findings)
    if container.hostname is not None:
        hostname = names.checked_hostname(container.hostname, f"{path}.hostname", findings)
        check_text(hostname, f"{path}.hostname", findings)
    if container.platform is not None:
        platform = names.checked_platform(container.platform, f"{path}.platform", findings)
    return replace(service, user=user, hostname=hostname, platform=platform)


def _with_context(
    service: Service, container: Container, contents: Contents, findings: Findings, *, is_ours: bool
) -> Service:
    place = f"{service.request_path}.build_context"
    folder = checked_folder(container.build_context or "", place, findings)
    if contents.needs_build:
        findings.refuse(
            place,
            "cannot be combined with sources or packages: its Dockerfile defines the image",
            "Remove the sources and packages.",
        )
    if folder is None:
        return service
    if is_ours:
        return replace(service, build=Build(folder))
    if container.image or container.base_image:
        findings.warn(place, "image is not used: the Dockerfile in this folder chooses its base image")
    return replace(service, build=Build(folder), image="")


def _needs(container: Container, path: str) -> dict[str, str]:
    given, place = container.depends_on, f"{path}.depends_on"
    if isinstance(given, str):
        return {given: place}
    if isinstance(given, list):
        return {name: f"{place}[{index}]" for index, name in reversed(list(enumerate(given)))}
    return {name: f"{place}.{name}" for name in given or {}}


def _order(container: Container, path: str, findings: Findings) -> int | None:
    given = container.execution_order
    given = given.lower() if isinstance(given, str) else given
    if given is None or given == "parallel":
        return None
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) < 5:
        return int(given)
    if isinstance(given, int) and 0 <= given <= 9999:
        return given
    if given != "sequential":
        findings.refuse(
            f"{path}.execution_order",
            f"{shown(str(given))} is not a valid execution order",
            "Write a number, sequential or parallel.",
        )
    return None
