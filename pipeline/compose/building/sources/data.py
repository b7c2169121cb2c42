"""The data of a container."""

from __future__ import annotations

import posixpath

from pipeline.compose.building.sources.contents import Contents
from pipeline.compose.building.sources.reader import SourceReader
from pipeline.compose.checks.addresses import checked_url
from pipeline.compose.checks.paths import checked_file
from pipeline.compose.request.sources import DataSource, Validation
from pipeline.compose.stack import SourceFile

_DATA_TYPES = {"csv": "csv", "json": "json", "xml": "xml", "parquet": "parquet"}
DATA_PATH = "/activationBase/currentActivation.csv"


def add_data(reader: SourceReader, found: Contents) -> None:
    """Add the data of a container to its contents.

    Args:
        reader: the reader of the container.
        found: the contents to which the data are added.
    """
    container, source = reader.container, reader.container.data_source or DataSource()
    url_path, url = reader.one({"data_source.url": source.url, "data_url": container.data_url})
    type_path, kind = reader.one({"data_source.type": source.type, "data_type": container.data_type})
    place, inside = reader.one(
        {
            "data_source.container_path": source.container_path,
            "data_destination": container.data_destination,
        }
    )
    format_ = reader.format(kind, type_path, _DATA_TYPES, "data", default="csv")
    sha256 = _data_hash(reader, source)
    if container.data_source is None and not (url or inside):
        return
    target = checked_file(inside, place, reader.findings) if inside else DATA_PATH
    if target is None:
        return
    found.data = target
    if url is None:
        return
    address = checked_url(url, url_path, reader.policy, reader.findings)
    name = posixpath.basename(target)
    file = SourceFile(
        f"{found.folder}/data/{name}",
        "data",
        address or "",
        sha256,
        format=format_,
        request_path=url_path,
    )
    found.add(file, target)


def _data_hash(reader: SourceReader, source: DataSource) -> str:
    values: dict[str, str | None] = {"data_source.sha256": source.sha256}
    for name, given in (
        ("data_source.validation", source.validation),
        ("data_validation", reader.container.data_validation),
    ):
        if isinstance(given, str):
            values[name] = given
        elif isinstance(given, Validation):
            values |= {f"{name}.sha256": given.sha256, f"{name}.checksum": given.checksum}
            if given.columns is not None:
                reader.findings.warn(
                    f"{reader.path}.{name}.columns",
                    "is not checked: the program reads the column names from its file",
                )
    path, text = reader.one(values)
    return reader.hash(text, path)
