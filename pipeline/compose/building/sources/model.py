"""The model of a container."""

from __future__ import annotations

import posixpath

from pipeline.compose.building.sources.contents import Contents
from pipeline.compose.building.sources.reader import SourceReader
from pipeline.compose.checks.addresses import checked_url
from pipeline.compose.checks.paths import checked_file
from pipeline.compose.request.sources import ModelSource
from pipeline.compose.stack import SourceFile

_MODEL_TYPES = {
    "pickle": "pickle", "pkl": "pickle", "xml": "xml", "npz": "npz", "onnx": "onnx",
    "tensorflow": "tensorflow", "pytorch": "pytorch",
}  # fmt: skip
_SAFE_MODELS = ("pickle", "xml", "npz")
MODEL_PATH = "/knowledgeBase/currentSolution.pkl"


def add_model(reader: SourceReader, found: Contents) -> None:
    """Add the model of a container to its contents.

    Args:
        reader: the reader of the container.
        found: the contents to which the model is added.
    """
    container, source = reader.container, reader.container.model_source or ModelSource()
    url_path, url = reader.one({"model_source.url": source.url, "model_url": container.model_url})
    type_path, kind = reader.one({"model_source.type": source.type, "model_type": container.model_type})
    format_ = reader.format(kind, type_path, _MODEL_TYPES, "models", default="pickle")
    sha256 = reader.hash(source.sha256, f"{reader.path}.model_source.sha256")
    if container.model_source is None and url is None:
        return
    place = f"{reader.path}.model_source.container_path"
    target = (
        checked_file(source.container_path, place, reader.findings) if source.container_path else MODEL_PATH
    )
    if target is None:
        return
    found.model = target
    if format_ not in _SAFE_MODELS:
        reader.findings.warn(
            type_path,
            f"the loader of this project cannot read {format_}: the model is not checked, and no bundle can be created",
        )
    if url is None:
        return
    address = checked_url(url, url_path, reader.policy, reader.findings)
    file = SourceFile(
        f"{found.folder}/model/{posixpath.basename(target)}",
        "model",
        address or "",
        sha256,
        format=format_,
        input_shape=_shape(source.input_shape or container.model_input_shape),
        output_shape=_shape(source.output_shape or container.model_output_shape),
        request_path=url_path,
    )
    found.add(file, target)


def _shape(value: list[int] | int | None) -> tuple[int, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)
