"""The data, model, code and packages that are added to the image of a container."""

from __future__ import annotations

from pipeline.compose.building.sources.code import add_code
from pipeline.compose.building.sources.contents import Contents
from pipeline.compose.building.sources.data import add_data
from pipeline.compose.building.sources.model import add_model
from pipeline.compose.building.sources.packages import add_packages
from pipeline.compose.building.sources.reader import SourceReader
from pipeline.compose.findings import Findings
from pipeline.compose.policy import Policy
from pipeline.compose.request import Container

__all__ = ["Contents", "contents_of"]


def contents_of(container: Container, path: str, folder: str, policy: Policy, findings: Findings) -> Contents:
    """Return the files and packages that are added to the image of a container.

    Args:
        container: the container.
        path: its path in the request.
        folder: the folder for the files, relative to the generated file.
        policy: the hosts that URLs may name.
        findings: collects problems and warnings.
    """
    found = Contents(folder)
    reader = SourceReader(container, path, policy, findings)
    add_data(reader, found)
    add_model(reader, found)
    add_code(reader, found)
    add_packages(reader, found)
    return found
