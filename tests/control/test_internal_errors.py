"""Internal errors of the server: the traceback is in the log, not in the response."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from pipeline.control.audit import AuditLog
from tests.bundles.servers import http_server
from tests.control.conftest import control
from tests.control.examples import ROWS, document_example
from tests.control.test_api import BUNDLE, VALIDATE


@pytest.mark.slow
def test_a_missing_folder_for_temporary_files_is_an_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with http_server({"/data.csv": ROWS}) as place, control(tmp_path, "--allow-source", place) as server:
        next(tmp_path.glob("app07-control-*")).rmdir()
        request = document_example(place)
        del request["containers"][1]["model_source"], request["containers"][2]["code_source"]
        answer = server.ask("POST", BUNDLE, request)
        assert server.ask("POST", VALIDATE, request).status == 200
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert set(answer.json) == {"error", "code", "request_id"} and "app07-control" not in answer.body.decode()
    assert "FileNotFoundError" in (tmp_path / "log").read_text("utf-8")
    entries = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text("ascii").splitlines()]
    assert [entry["status"] for entry in entries] == [500, 200]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_instead_of_the_audit_log_does_not_block(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / "audit.jsonl")
    with caplog.at_level(logging.ERROR, "control"):
        AuditLog(tmp_path / "audit.jsonl").add({"status": 200})
    assert (
        'the audit log cannot be written: No such device or address; the entry: {"status":200}' in caplog.text
    )
