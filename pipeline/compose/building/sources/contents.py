"""The files and packages that are added to the image of a container."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.compose.stack import SourceFile


@dataclass
class Contents:
    """The files and packages that are added to the image of a container.

    Attributes:
        folder: the folder of the files, relative to the generated file.
        data: the path of the data in the container; empty if there is none.
        model: the path of the model in the container; empty if there is none.
        script: the path of the program in the container; empty if there is none.
        code_folder: the folder in the container to which the code is copied.
        files: the files to fetch.
        copies: pairs of a file and the path in the image to which it is copied.
        requirements: Python packages to install with pip.
        system_packages: packages of the Linux distribution.
        libraries: folders of libraries, relative to the generated file.
    """

    folder: str
    data: str = ""
    model: str = ""
    script: str = ""
    code_folder: str = ""
    files: list[SourceFile] = field(default_factory=list)
    copies: list[tuple[str, str]] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    system_packages: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)

    @property
    def needs_build(self) -> bool:
        """Whether an image must be built, because the image of the request lacks something."""
        return bool(self.copies or self.requirements or self.system_packages or self.libraries)

    def add(self, file: SourceFile, target: str) -> None:
        """Add a file that is fetched and copied into the image.

        Args:
            file: the file.
            target: the path in the image.
        """
        self.files.append(file)
        self.copies.append((file.path, target))
