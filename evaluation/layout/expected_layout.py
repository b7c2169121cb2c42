"""What a rubric expects of a submission: its containers with their folders, files, images and services."""

from __future__ import annotations

from dataclasses import dataclass

from common.project import (
    ACTIVATION_FILE,
    ACTIVATIONBASE,
    CODE_FILE,
    CODEBASE,
    KNOWLEDGE_FILE,
    KNOWLEDGEBASE,
    PYBRAIN_IMPORTS,
    SERVICES,
    SHARED_ACTIVATION_FILE,
    SHARED_FOLDER,
)

PYBRAIN = "pybrain"
_PRINT_OK = "; print('OK')"
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
NETWORK_FILES = ("*.pkl", "*.pickle", "*.xml", "*.net", "*.p")


@dataclass(frozen=True)
class ContainerLayout:
    """What a rubric expects of one container. All patterns are globs and ignore case; the first one names it.

    Attributes:
        role: its key: activationbase, knowledgebase, codebase, learningbase, or another key from the rubric.
        number: its position in the rubric, from 1.
        title: its name in the course.
        folders: patterns of its build context, relative to the submission; ``*`` does not match a slash.
        files: patterns of the file that it provides, relative to its folder.
        inside: the path of that file in the container; the last part may be a pattern.
        images: patterns of its image name, without a tag.
        services: patterns of its service name in the compose file; underscores and hyphens are ignored.
        shared_file: pattern of the file that it delivers, relative to the shared folder; ``{name}`` stands for the name
            of the file in the submission. Empty if it delivers none.
        dockerfiles: patterns of its Dockerfile, relative to its folder.
    """

    role: str
    number: int
    title: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    inside: str
    images: tuple[str, ...]
    services: tuple[str, ...]
    shared_file: str = ""
    dockerfiles: tuple[str, ...] = ("Dockerfile",)


@dataclass(frozen=True)
class Framework:
    """The framework that the knowledge belongs to.

    Attributes:
        name: its name; the evaluation computes predictions for ``pybrain`` networks only.
        statement: the Python statement that imports it.
    """

    name: str = PYBRAIN
    statement: str = PYBRAIN_IMPORTS.removesuffix(_PRINT_OK)

    @property
    def program(self) -> str:
        """The program that imports the framework and prints OK."""
        return f"{self.statement.rstrip('; ')}{_PRINT_OK}"

    @property
    def is_computed(self) -> bool:
        """Whether the evaluation itself can compute a prediction."""
        return self.name == PYBRAIN


@dataclass(frozen=True)
class Layout:
    """What a rubric expects of a submission.

    Attributes:
        containers: the containers, in their order.
        compose_files: patterns of the compose file, relative to the submission, best first.
        shared_folders: patterns of the folder or volume that the containers share.
        shared_path: where it is mounted in a container.
        framework: the framework of the knowledge.
        abort_on_exit: whether the stack is run with ``--abort-on-container-exit``.
        output_files: patterns of the files with the program's output, relative to the shared folder; empty if the
            program prints its output.
        output_lines: regular expression of the printed lines that show the program's output; empty if it writes a file.
    """

    containers: tuple[ContainerLayout, ...]
    compose_files: tuple[str, ...] = COMPOSE_FILES
    shared_folders: tuple[str, ...] = (SHARED_FOLDER,)
    shared_path: str = f"/{SHARED_FOLDER}"
    framework: Framework = Framework()
    abort_on_exit: bool = True
    output_files: tuple[str, ...] = tuple(f"**/*predict*.{end}" for end in ("csv", "json", "txt"))
    output_lines: str = "(?i)predict|vorhersage"

    @property
    def compose_name(self) -> str:
        """The name of the compose file in messages."""
        return "docker-compose.yml" if self.compose_files == COMPOSE_FILES else self.compose_files[0]

    @property
    def shared_volume(self) -> str:
        """The entry under ``volumes:`` that a service needs."""
        name = self.shared_folders[0]
        return f"{'./' if self.shared_path.endswith(f'/{name}') else ''}{name}:{self.shared_path}"

    def container(self, role: str) -> ContainerLayout | None:
        """Return the container with the given role; None if the rubric has none."""
        return next((container for container in self.containers if container.role == role), None)


_FILES = {
    ACTIVATIONBASE: (ACTIVATION_FILE, "*.csv", "*.txt"),
    KNOWLEDGEBASE: (KNOWLEDGE_FILE, *NETWORK_FILES),
    CODEBASE: (CODE_FILE, "UE*App5*.py"),
}
_SHARED = {ACTIVATIONBASE: SHARED_ACTIVATION_FILE, KNOWLEDGEBASE: KNOWLEDGE_FILE}

# Other names that submissions use for the folders of the task.
_OTHER_FOLDERS = {
    ACTIVATIONBASE: ("*activation*base*", "container1*", "container?1*", "*activation*"),
    KNOWLEDGEBASE: ("*knowledge*base*", "container2*", "container?2*", "*knowledge*"),
    CODEBASE: ("*code*base*", "container3*", "container?3*"),
}

TASK06 = Layout(
    tuple(
        ContainerLayout(
            role=service.name,
            number=number,
            title=service.name,
            folders=(service.folder, *_OTHER_FOLDERS[service.name]),
            files=_FILES[service.name],
            inside=service.inside,
            images=(service.image,),
            services=(f"*{service.name}*",),
            shared_file=_SHARED.get(service.name, ""),
        )
        for number, service in enumerate(SERVICES, 1)
    )
)
"""The layout of the task itself, which applies to a rubric without ``[layout]``."""
