"""The schema of a request: types and sizes. The meaning of the values is checked when the stack is built."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.compose.request.base import Part
from pipeline.compose.request.container import Container
from pipeline.compose.request.sections import ComposeMetadata, ExecutionSection, NetworkSection, Volume

__all__ = ["ComposeRequest", "Container"]


class ComposeRequest(Part):
    """A request for a stack of containers that turns data and a model into a prediction."""

    compose_metadata: ComposeMetadata = ComposeMetadata()
    containers: Annotated[list[Container], Field(min_length=1, max_length=200)]
    volumes: Annotated[dict[str, Volume | None], Field(max_length=64)] | None = None
    network: NetworkSection | None = None
    execution: ExecutionSection | None = None
