"""The sources of data, models and code."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compose.request.base import Label, Line, Part, Path, Shape, Size, Url


class Validation(Part):
    """Checks of a data file when it is fetched.

    Attributes:
        sha256: the SHA-256 of the file in hexadecimal.
        checksum: the same as ``sha256:HEX``.
        columns: the column names of a table; not checked.
    """

    sha256: Line | None = None
    checksum: Line | None = None
    columns: Annotated[list[Line], Field(max_length=1000)] | None = None


class DataSource(Part):
    """A data file.

    Attributes:
        type: the file format.
        url: the URL from which a bundle fetches the file; None if the image contains it.
        container_path: the absolute path of the file in the container.
        sha256: the SHA-256 of the file in hexadecimal.
        validation: the SHA-256, or the checks when the file is fetched.
    """

    type: Line | None = None
    url: Url | None = None
    container_path: Path | None = None
    sha256: Line | None = None
    validation: Line | Validation | None = None


class ModelSource(Part):
    """A model file.

    Attributes:
        type: the file format.
        url: the URL from which a bundle fetches the file; None if the image contains it.
        container_path: the absolute path of the file in the container.
        sha256: the SHA-256 of the file in hexadecimal.
        version: the version of the model.
        framework: the framework with which it was trained.
        input_shape: the dimensions of its inputs.
        output_shape: the dimensions of its outputs.
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
        repo: the URL of the repository.
        url: the URL of the file or repository.
        branch: the branch or tag of the repository.
        commit: the commit of the repository, 40 hexadecimal digits.
        script_path: the absolute path of the program in the container.
        sha256: the SHA-256 of the file in hexadecimal.
    """

    type: Line | None = None
    repo: Url | None = None
    url: Url | None = None
    branch: Line | None = None
    commit: Line | None = None
    script_path: Path | None = None
    sha256: Line | None = None
