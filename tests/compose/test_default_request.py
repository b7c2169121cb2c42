"""docker-compose.yml is the rendering of the default request."""

from __future__ import annotations

from pathlib import Path

from common.project import PROJECT
from pipeline.cli import main
from pipeline.compose import generate
from pipeline.compose.checkout import checkout_text, default_request


def test_docker_compose_yml_is_the_rendering_of_the_default_request() -> None:
    """After a change of the request or its rendering, run: python App07.py generate --default -o docker-compose.yml."""
    assert checkout_text() == PROJECT.compose_file.read_text("utf-8")


def test_the_command_writes_docker_compose_yml(tmp_path: Path) -> None:
    assert main(["generate", "--default", "-o", str(tmp_path / "docker-compose.yml")]) == 0
    assert (tmp_path / "docker-compose.yml").read_bytes() == PROJECT.compose_file.read_bytes()


def test_the_default_request_as_an_untrusted_one_uses_no_host_variables() -> None:
    text = generate(default_request()).text
    assert "$" not in text.replace("$$", "")
    assert "cap_add" not in text
