"""`predict_file`: tables of any size in bounded memory, and an output that is whole or not there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app07_client import (
    App07Client,
    App07Error,
    AsyncApp07Client,
    ConnectionFailed,
    FileFailed,
    InvalidInput,
    InvalidResponse,
    RequestRefused,
    TimedOut,
)
from app07_client.protocol.file_blocks import Upload
from app07_client.protocol.table_rows import TableRows
from common.project import PROJECT
from pybrain_runtime import activate_file, load_knowledge
from tests.serving.client.callers import CALLERS, Caller, blocking
from tests.serving.client.scripted import Reply, ScriptedServer, closing, endless, raw, reply
from tests.serving.servers import Server

TABLE = {"kind": "text/csv"}
HEADER = "sepal_length,sepal_width,petal_length,petal_width\n"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Return a table of 3,000 rows for iris."""
    values = np.random.RandomState(4).rand(3000, 4) * 8
    text = HEADER + "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    return tmp_path / "rows.csv"


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", ["p.csv", "p.jsonl", "p.parquet", "p.arrows", "p"])
def test_the_output_has_the_bytes_that_activate_writes(
    server: Server, caller: Caller, rows: Path, tmp_path: Path, name: str
) -> None:
    knowledge = load_knowledge(PROJECT.models / "iris.pkl")
    activate_file(knowledge, rows, tmp_path / f"expected{Path(name).suffix}")
    found = caller(url(server), "predict_file", rows, tmp_path / name, "iris")
    assert (tmp_path / name).read_bytes() == (tmp_path / f"expected{Path(name).suffix}").read_bytes()
    assert (found.rows, found.size) == (3000, (tmp_path / name).stat().st_size)
    assert found.model.sha256 == knowledge.sha256
    again = caller(url(server), "predict_file", tmp_path / name, tmp_path / "again.csv", "iris")
    assert again.rows == 3000


def test_a_model_may_have_a_name_that_headers_cannot_hold(server: Server, rows: Path, tmp_path: Path) -> None:
    found = blocking(url(server), "predict_file", rows, tmp_path / "p.csv", "модель")
    assert (found.model.name, found.rows) == ("модель", 3000)
    body, headers = HEADER + "1,2,3,4\n", {"content-type": "text/csv"}
    answer = server.ask("POST", "/predict?model=%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C", body, headers)
    assert answer.headers["x-model-name"] == "%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C"
    assert int(answer.headers["content-length"]) == len(answer.body)


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"rows.csv"}


@pytest.mark.parametrize("caller", CALLERS)
def test_rows_that_do_not_fit_are_reported_and_the_old_output_is_kept(
    server: Server, caller: Caller, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text(HEADER + "1,2,3,4\n1,2,x,4\n", encoding="utf-8")
    (tmp_path / "out.csv").write_text("old", encoding="utf-8")
    with pytest.raises(RequestRefused) as caught:
        caller(url(server), "predict_file", tmp_path / "rows.csv", tmp_path / "out.csv", "iris")
    assert (caught.value.line, caught.value.column, caught.value.status) == (3, 3, 422)
    assert (tmp_path / "out.csv").read_text("utf-8") == "old"
    assert left(tmp_path) == {"out.csv"}


COUNTED = {**TABLE, "x_prediction_rows": "3"}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (reply(b"<html>", kind="text/html"), InvalidResponse, "The content type of the response is 'text/html'; exp"),
        (raw(HEAD + b"\r\na\n1\n", then_close=True), InvalidResponse, "The response has no length, so truncation"),
        (raw(HEAD + b"content-length: 9\r\n\r\na\n", then_close=True), ConnectionFailed, "http://127.0.0.1:"),
        (endless(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n"), InvalidResponse, "The response exceeds the limit of 1"),
        (closing, ConnectionFailed, "http://127.0.0.1:"),
        (raw(CHUNKED + b"4\r\na\n1\n\r\n", then_close=True), ConnectionFailed, "http://127.0.0.1:"),
        (reply(b"a\n1\n2\n", **COUNTED), InvalidResponse, "The prediction is incomplete: it has 2 rows; expected 3."),
        (reply(b'a\n1\n"\n2\n"\n', **COUNTED), InvalidResponse, "The prediction is incomplete: it has 2 rows; exp"),
        (reply(b"a\n1\n2\n3", **COUNTED), InvalidResponse, "The prediction is incomplete: its end is missing."),
        (reply(b"", **TABLE), InvalidResponse, "The prediction is incomplete: its end is missing."),
    ],
)  # fmt: skip
def test_a_response_that_is_not_a_complete_table_leaves_no_output(
    rows: Path, tmp_path: Path, caller: Caller, answer: Reply, kind: type[App07Error], message: str
) -> None:
    with ScriptedServer(answer) as server, pytest.raises(App07Error) as caught:
        call(caller, server.url, rows, tmp_path / "out.csv", max_bytes=100_000)
    assert type(caught.value) is kind
    assert caught.value.message.startswith(message)
    assert left(tmp_path) == set()


def call(caller: Caller, url: str, rows: Path, output: Path, **options: Any) -> Any:
    """Return the result of `predict_file` without retries, with options."""
    if caller is blocking:
        with App07Client(url, retries=0) as client:
            return client.predict_file(rows, output, **options)

    async def predicted() -> Any:
        async with AsyncApp07Client(url, retries=0) as client:
            return await client.predict_file(rows, output, **options)

    return asyncio.run(predicted())


@pytest.mark.parametrize("caller", CALLERS)
def test_a_file_is_resent_from_its_start_and_an_interrupted_response_is_discarded(
    rows: Path, tmp_path: Path, caller: Caller
) -> None:
    cut = raw(HEAD + b"content-length: 90\r\n\r\n" + b"wrong\n" * 9, then_close=True)
    with ScriptedServer(cut, closing, reply(b"a\n1\n", **TABLE)) as server:
        found = caller(server.url, "predict_file", rows, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"a\n1\n"
    assert (found.size, found.rows, found.model) == (4, None, None)
    assert [asked.body for asked in server.asked] == [rows.read_bytes()] * 3
    assert server.asked[0].headers["content-length"] == str(rows.stat().st_size)


@pytest.mark.parametrize(
    ("kind", "whole"),
    [
        ("text/csv", b'"a\n""b",c\n1,"\n"\n2,"""\n"""\n'),
        ("application/jsonl", b'{"a": """}\n{}\n'),
        ("application/vnd.apache.parquet", b"PAR1 PAR1"),
    ],
)
def test_a_table_is_complete_with_all_its_rows_and_its_end(kind: str, whole: bytes) -> None:
    for size in (1, 2, 3, 100):
        for cut in (0, 1):
            rows = TableRows(kind)
            sent = whole[: len(whole) - cut]
            for place in range(0, len(sent), size):
                rows.add(sent[place : place + size])
            assert bool(rows.problem(2)) == bool(cut)


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
def test_the_time_limit_is_that_of_the_whole_call(rows: Path, tmp_path: Path, caller: Caller) -> None:
    slow = endless(CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n")
    with ScriptedServer(slow) as server, pytest.raises(TimedOut):
        call(caller, server.url, rows, tmp_path / "out.csv", timeout=0.4)
    assert left(tmp_path) == set()


@pytest.mark.parametrize(
    ("source", "target", "kind", "message"),
    [
        ("nope.csv", "out.csv", FileFailed, "nope.csv cannot be read: No such file or directory."),
        (".", "out.csv", FileFailed, "is not a regular file."),
        (
            "rows.csv",
            "rows.csv",
            InvalidInput,
            "is the input file; choose another output path.",
        ),
        (
            "rows.csv",
            "link.csv",
            InvalidInput,
            "is the input file; choose another output path.",
        ),
        ("rows.csv", "missing/out.csv", FileFailed, "cannot be written: No such file or directory."),
        ("rows.csv", ".", FileFailed, "is a folder; expected a file."),
        ("rows.csv\0", "out.csv", FileFailed, "cannot be read: "),
    ],
)
def test_files_are_checked_before_anything_is_sent(
    rows: Path, tmp_path: Path, source: str, target: str, kind: type[App07Error], message: str
) -> None:
    (tmp_path / "link.csv").symlink_to(rows)
    with ScriptedServer(reply()) as server, pytest.raises(App07Error) as caught:
        blocking(server.url, "predict_file", tmp_path / source, tmp_path / target)
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert server.asked == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(server: Server, tmp_path: Path) -> None:
    """The client receives more than 20 MB, and its process grows by less than 12 MB after the first request."""
    values = (np.random.RandomState(4).rand(2000, 4) * 8).tolist()
    block = "".join(",".join(map(repr, row)) + "\n" for row in values)
    with (tmp_path / "rows.csv").open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for _ in range(150):
            file.write(block)
    code = """if True:
        import resource, sys
        from app07_client import App07Client
        client = App07Client(sys.argv[1])
        client.ready()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = client.predict_file(sys.argv[2], sys.argv[3], "iris")
        print(found.rows, found.size > 20e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 12_000)
    """
    words = [sys.executable, "-c", code, url(server), tmp_path / "rows.csv", tmp_path / "out.csv"]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout == "300000 True True\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1", "application/vnd.apache.parquet"),
        (b"\xff\xff\xff\xff\x10", "application/vnd.apache.arrow.stream"),
        (b'\xef\xbb\xbf \n{"a": 1}', "application/jsonl"),
        (b"[1, 2]\n", "application/jsonl"),
        (b"[a],[b]\n1,2\n", "text/csv"),
        (b"a,b\n", "text/csv"),
        (b"", "text/csv"),
    ],
)
def test_the_format_is_recognized_by_the_content(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "rows.parquet").write_bytes(content)
    with ScriptedServer(reply(b"a\n1\n", **TABLE)) as server:
        blocking(server.url, "predict_file", tmp_path / "rows.parquet", tmp_path / "out.csv")
    assert server.asked[0].headers["content-type"] == kind


@pytest.mark.parametrize("change", [-1, 1], ids=["shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent_is_refused(rows: Path, change: int) -> None:
    upload = Upload(rows)
    with upload.open() as file:
        left = upload.size(file)
        os.truncate(rows, left + change)
        with pytest.raises(InvalidInput, match="changed while it was being sent"):
            while left:
                left -= len(upload.block(file, left))
