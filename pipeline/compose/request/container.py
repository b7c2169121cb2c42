"""One container of a request, with the variables of all ten categories of the document, under its names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compose.request.base import Label, Line, Name, Part, Path, Shape, Size, Text, Url
from pipeline.compose.request.sections import Condition, Gpu, Health, VolumeMount
from pipeline.compose.request.sources import CodeSource, DataSource, ModelSource, Validation

Words = Annotated[list[Text], Field(max_length=256)]
Names = Annotated[list[Line], Field(max_length=100)]
Number = int | float | Line


class Container(Part):
    """A container. docs/compose-generator.md describes how each variable is mapped, or why it is refused."""

    # 1. Container configuration
    name: Name | None = Field(None, description="The name of the container.")
    container_name: Name | None = Field(None, description="Alias of name.")
    image: Line | None = Field(None, description="An image of an allowed repository, such as busybox:latest.")
    base_image: Line | None = Field(None, description="Alias of image.")
    image_tag: Line | None = Field(None, description="The image tag, if image has none.")
    build_context: Path | None = Field(None, description="A folder of the project with a Dockerfile.")
    # 2. Data sources
    data_source: DataSource | None = Field(None, description="The data that the container holds.")
    data_url: Url | None = Field(None, description="Alias of data_source.url.")
    data_type: Line | None = Field(None, description="csv, json, xml or parquet.")
    data_destination: Path | None = Field(None, description="Alias of data_source.container_path.")
    data_validation: Line | Validation | None = Field(None, description="A SHA-256 hash, or column names.")
    # 3. Model information
    model_source: ModelSource | None = Field(None, description="The model that the container holds.")
    model_url: Url | None = Field(None, description="Alias of model_source.url.")
    model_type: Line | None = Field(None, description="pickle, xml, npz, onnx, tensorflow or pytorch.")
    model_version: Label | None = Field(None, description="The version of the model.")
    model_framework: Label | None = Field(None, description="The framework with which the model was trained.")
    model_input_shape: Shape | Size | None = Field(None, description="The dimensions of the model inputs.")
    model_output_shape: Shape | Size | None = Field(None, description="The dimensions of the model outputs.")
    # 4. Code execution
    code_source: CodeSource | None = Field(None, description="The program that the container runs.")
    script_source: Url | CodeSource | None = Field(None, description="Alias of code_source.")
    entry_point: Line | None = Field(None, description="The program to run, if command is not set.")
    command: Text | Words | None = Field(None, description="The command, as a line or as a list of words.")
    command_line_args: Text | Words | None = Field(None, description="Arguments appended to the command.")
    working_directory: Path | None = Field(None, description="An absolute path in the container.")
    environment: dict[str, Text | int | float | bool | None] | Words | None = Field(
        None, description="Environment variables; nothing is taken from the host."
    )
    # 5. Dependencies
    dependencies: Names | None = Field(None, description="Alias of pip_packages.")
    python_version: Line | int | float | None = Field(None, description="The Python version, such as 3.11.")
    pip_packages: Names | None = Field(None, description="Packages of the Python package index.")
    system_packages: Names | None = Field(
        None, description="Packages of the Linux distribution of the image."
    )
    custom_libraries: Annotated[list[Url], Field(max_length=20)] | None = Field(
        None, description="HTTPS URLs of repositories or archives of libraries."
    )
    # 6. Resource constraints
    cpu_limit: Number | None = Field(None, description="Maximum number of CPU cores, such as 0.5.")
    memory_limit: Number | None = Field(None, description="Maximum memory, such as 512M.")
    cpu_reservation: Number | None = Field(None, description="CPU cores that a scheduler reserves.")
    memory_reservation: Number | None = Field(None, description="Memory that is reserved.")
    gpu_requirements: Gpu | Annotated[list[Line | int], Field(max_length=64)] | int | bool | Line | None = (
        Field(None, description="The number of GPUs, their IDs, or all.")
    )
    timeout: Number | None = Field(None, description="Time limit of the command in seconds.")
    # 7. Networking
    exposed_ports: Annotated[list[int | Line], Field(max_length=32)] | int | Line | None = Field(
        None, description="Ports such as 8000, or 8080:8000 to publish one on the host."
    )
    network_mode: Line | None = Field(None, description="bridge or none; overlay for Swarm.")
    dns_servers: Annotated[list[Line], Field(max_length=8)] | Line | None = Field(
        None, description="Public IP addresses of DNS servers."
    )
    hostname: Line | None = Field(None, description="The host name in the container.")
    # 8. Volume mounts
    volumes: Annotated[list[Line | VolumeMount], Field(max_length=32)] | None = Field(
        None, description="Folders of the project, such as ./shared_data:/shared_data, and named volumes."
    )
    host_path: Path | None = Field(None, description="The folder or volume of an additional mount.")
    container_path: Path | None = Field(None, description="The path of that mount in the container.")
    read_only: bool | None = Field(None, description="Whether that mount is read-only.")
    volume_driver: Line | None = Field(None, description="Only local is allowed.")
    # 9. Orchestration logic
    depends_on: (
        Annotated[list[Name], Field(max_length=64)]
        | Annotated[dict[str, Condition | None], Field(max_length=64)]
        | Name
        | None
    ) = Field(None, description="The containers that must be ready before this one starts.")
    execution_order: Line | int | None = Field(None, description="A number, sequential or parallel.")
    restart_policy: Line | None = Field(None, description="no, on-failure, always or unless-stopped.")
    health_check: Health | Line | Annotated[list[Line], Field(max_length=64)] | None = Field(
        None, description="A command that succeeds if the container is healthy."
    )
    # 10. Security
    user: Line | int | None = Field(None, description="UID or UID:GID, not 0.")
    privileged: bool | None = Field(None, description="Refused if true.")
    security_opt: Names | None = Field(
        None, description="Only no-new-privileges is allowed; it is always set."
    )
    capabilities: Names | dict[str, Names | None] | None = Field(None, description="Refused unless empty.")
    cap_drop: Names | None = Field(
        None, description="Accepted and ignored: all capabilities are always dropped."
    )
    # Hardware
    platform: Line | None = Field(None, description="linux/amd64 or linux/arm64.")
