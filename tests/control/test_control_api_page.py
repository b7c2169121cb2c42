"""docs/control-api.md matches the server."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest

from access_control.keys import SCOPES
from common.project import PROJECT
from pipeline.bundles.bundle_limits import DEFAULT_BUNDLE_LIMITS, MIB
from pipeline.cli import main
from pipeline.commands.control import ControlCommand
from pipeline.control.settings import BUNDLE_RATE, RATE, REQUEST_LIMITS
from tests.serving.servers import Server

PAGE = (PROJECT.root / "docs" / "control-api.md").read_text("utf-8")
PLAIN = " ".join(PAGE.split())


def test_every_route_scope_and_option_is_on_the_page(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in server.get("/openapi.json").json["paths"]:
        assert path.removeprefix("/api/v1/compose") in PAGE
    for scope in SCOPES:
        assert (f"| `{scope}` |" in PAGE) == scope.startswith("compose:")
    with suppress(SystemExit):
        main(["control", "--help"])
    options = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out))
    named = set(
        re.findall(r"--[a-z][a-z-]*", re.sub(r"(?m)^.*(curl|sha256sum|abort-on|--data).*$", "", PAGE))
    )
    assert named - {"--scope", "--days", "--check", "--build", "--abort-on-container-exit"} <= options
    assert {"--keys", "--rate", "--bundle-rate", "--allow-source", "--audit-log", "--rate-storage"} <= named


def test_the_limits_on_the_page_are_those_of_the_server() -> None:
    limits = DEFAULT_BUNDLE_LIMITS
    for text in (
        f"at most {limits.redirects},",
        f"{limits.file_size // MIB} MiB for a file,",
        f"{limits.repository_size // MIB} MiB and {limits.repository_files:,} files for a repository",
        f"{limits.total_size // MIB} MiB and {limits.sources} sources for a bundle",
        f"{limits.connect_seconds:g} s for a connection or a silent server, {limits.fetch_seconds:g} s for a file",
        f"{limits.clone_seconds:g} s for each step of git, {limits.seconds:g} s for all of a bundle",
        f"with {limits.fetch_memory // MIB} MiB of memory, which is stopped from outside",
        f"with {limits.model_memory // MIB} MiB of memory and {limits.model_seconds:g} s",
        f"with {limits.clone_memory // MIB} MiB of memory, and fetches one commit",
        f"`--rate` ({RATE})",
        f"`--bundle-rate` ({BUNDLE_RATE})",
        f"for which it waits {REQUEST_LIMITS.shutdown_seconds} s",
    ):
        assert text in PLAIN, text


def test_the_statuses_on_the_page_are_those_of_the_document(server: Server) -> None:
    document = server.get("/openapi.json").json
    stated = {
        status
        for path in document["paths"].values()
        for each in path.values()
        for status in each["responses"]
    }
    listed = set(re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE))
    assert stated - {"200", "400"} == listed - {"401", "500"}  # without keys, and never


def test_the_help_text_refers_to_the_page() -> None:
    assert "docs/control-api.md" in (ControlCommand.epilog or "")
