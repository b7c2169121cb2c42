"""What a container holds beside its image."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.compose.stack import SourceFile


@dataclass
class Contents:
    """What a container holds beside its image.

    Attributes:
        folder: of its files, relative to the generated file.
        data: the path of the data in the container; empty for none.
        model: the path of the model in the container; empty for none.
        script: the path of the program in the container; empty for none.
        code_folder: the folder of the container that the code is copied to.
        files: what is fetched.
        copies: each file with the path that it is copied to.
        requirements: packages of the Python index.
        system_packages: packages of the distribution.
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
        """Whether the image of the request does not have all of it."""
        return bool(self.copies or self.requirements or self.system_packages or self.libraries)

    def add(self, file: SourceFile, target: str) -> None:
        """Add a file that is fetched and copied into the image."""
        self.files.append(file)
        self.copies.append((file.path, target))
