"""Where data, models and code come from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compose.request.base import Label, Line, Part, Path, Shape, Size, Url


class Validation(Part):
    """How data is checked when it is fetched.

    Attributes:
        sha256: the hash of the file in hexadecimal.
        checksum: the same as ``sha256:HEX``.
        columns: the names of the columns of a table.
    """

    sha256: Line | None = None
    checksum: Line | None = None
    columns: Annotated[list[Line], Field(max_length=1000)] | None = None


class DataSource(Part):
    """A file with data.

    Attributes:
        type: the format.
        url: where it is fetched from when a bundle is made; None where the image holds it.
        container_path: its absolute path in the container.
        sha256: its hash in hexadecimal.
        validation: how it is checked when it is fetched.
    """

    type: Line | None = None
    url: Url | None = None
    container_path: Path | None = None
    sha256: Line | None = None
    validation: Line | Validation | None = None


class ModelSource(Part):
    """A file with a model.

    Attributes:
        type: the format.
        url: where it is fetched from when a bundle is made; None where the image holds it.
        container_path: its absolute path in the container.
        sha256: its hash in hexadecimal.
        version: of the model.
        framework: by which it was trained.
        input_shape: what it takes.
        output_shape: what it returns.
    """

    type: Line | None = None
    url: Url | None = None
    container_path: Path | None = None
    sha256: Line | None = None
    version: Label | None = None
    framework: Label | None = None
    input_shape: Shape | Size | None = None
    output_shape: Shape | Size | None = None


class CodeSource(Part):
    """A program.

    Attributes:
        type: ``git`` for a repository, ``url`` for one file.
        repo: the repository.
        url: the file, or the repository.
        branch: the branch or tag of the repository.
        commit: its commit, 40 hexadecimal digits.
        script_path: the absolute path of the program in the container.
        sha256: the hash of the file in hexadecimal.
    """

    type: Line | None = None
    repo: Url | None = None
    url: Url | None = None
    branch: Line | None = None
    commit: Line | None = None
    script_path: Path | None = None
    sha256: Line | None = None
