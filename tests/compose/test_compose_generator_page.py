"""docs/compose-generator.md lists every variable, and its examples print what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.project import PROJECT
from pipeline.cli import main
from pipeline.compose import DEFAULT_POLICY
from pipeline.compose.request import Container

PAGE = (PROJECT.root / "docs" / "compose-generator.md").read_text("utf-8")
EXAMPLES = re.findall(
    r"<!-- (\w+\.json) -->\n```json\n(.*?)```.*?\n\$ python App07\.py (generate .*?)\n(.*?)```",
    PAGE,
    re.DOTALL,
)


def test_the_table_has_every_variable_of_a_container_and_no_other() -> None:
    table = PAGE.partition("## Variables")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(Container.model_fields)


def test_the_list_of_images_is_complete() -> None:
    listed = PAGE.partition("**Images**")[2].partition("**URLs**")[0]
    for repository in DEFAULT_POLICY.repositories:
        name = repository.removeprefix("docker.io/").removeprefix("library/")
        assert name in listed or name.endswith(("_app07", "_app07_gpu"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "request_text", "command", "printed"), EXAMPLES, ids=["accepted", "refused"]
)
def test_an_example_prints_what_the_page_shows(
    file: str, request_text: str, command: str, printed: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path(file).write_text(request_text, encoding="utf-8")
    status = main(command.split())
    seen = capsys.readouterr()
    assert seen.out + seen.err == printed
    assert (status, Path("docker-compose.yml").exists()) in ((0, True), (65, False))
