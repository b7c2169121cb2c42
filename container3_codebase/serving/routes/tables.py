"""Predictions for tables: bodies are kept on disk, so memory is bounded and errors have a status."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from serving.errors import NoSpace, Overloaded
from serving.inference import Inference, checked_precision
from serving.requests.body import blocks, header
from serving.requests.table_process import decoded_by_pyarrow, predict_in_process
from serving.requests.tables import answer_type, predict_file
from serving.resources import resources_of

_BLOCK = 1 << 18
_KEPT = 1 << 16


async def predict_table(inference: Inference, request: Request, kind: str) -> Response:
    """Predict a table.

    The model, its version and the precision are query parameters.

    Args:
        inference: the models, limits and threads.
        request: the request.
        kind: the content type of the table.

    Raises:
        RequestError: the request is not valid or cannot be processed.
    """
    query = request.query_params
    model = inference.catalog.snapshot.find(query.get("model"), query.get("version"))
    precision = checked_precision(query.get("precision", "float64"))
    answer = answer_type(header(request, b"accept"), kind)
    predict = predict_in_process if decoded_by_pyarrow(kind) else predict_file
    if inference.tables.locked():
        raise Overloaded(
            f"The server has reached its limit of {inference.limits.tables} tables at a time; try again."
        )
    held = resources_of(request)
    folder = await inference.in_thread(tempfile.TemporaryDirectory)
    try:
        rows = Path(folder.name) / "body"
        try:
            await _store(inference, request, rows)
        except OSError as error:
            raise NoSpace(f"The table cannot be stored: {error.strerror}.") from error
        async with inference.tables:
            path, count = await inference.in_table_thread(
                request,
                lambda: predict(
                    model.knowledge, rows, kind, answer, precision, inference.limits, held.answer.resize
                ),
            )
        held.answer.resize(path.stat().st_size)
        file = await inference.in_thread(lambda: path.open("rb"))
    finally:
        # The open file can still be read after its removal.
        await asyncio.shield(inference.in_thread(folder.cleanup))
        held.table.resize(0)
    inference.metrics.count_rows(model.name, count)
    headers = {
        # Headers are ASCII, but a name may contain any letters.
        "x-model-name": quote(model.name),
        "x-model-version": quote(model.version),
        "x-model-sha256": model.knowledge.sha256,
        "x-prediction-rows": str(count),
        "content-length": str(os.fstat(file.fileno()).st_size),
    }
    return StreamingResponse(_content(inference, file), media_type=answer, headers=headers)


async def _store(inference: Inference, request: Request, path: Path) -> None:
    limits, table = inference.limits, resources_of(request).table
    kept = bytearray()
    size = 0
    async for block in blocks(request, limit=limits.upload, seconds=limits.upload_seconds):
        size += len(block)
        table.resize(size)
        kept += block
        if len(kept) >= _KEPT:
            await inference.in_thread(partial(_append, path, bytes(kept)))
            kept.clear()
    await inference.in_thread(partial(_append, path, bytes(kept)))


def _append(path: Path, block: bytes) -> None:
    with path.open("ab") as file:  # closed between blocks, so a slow client does not keep a file open
        file.write(block)


async def _content(inference: Inference, file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while block := await inference.in_thread(lambda: file.read(_BLOCK)):
            yield block
