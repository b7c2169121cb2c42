"""docs/publishing.md lists the existing options, groups and messages."""

from __future__ import annotations

import argparse
import re

from common.project import PROJECT
from pipeline.commands.publish import PublishCommand
from pipeline.publishing.bake import GROUPS

PAGE = (PROJECT.root / "docs" / "publishing.md").read_text("utf-8")


def test_the_page_has_the_options_of_the_command() -> None:
    parser = argparse.ArgumentParser()
    PublishCommand.add_options(parser)
    options = {
        option for action in parser._actions for option in action.option_strings if option.startswith("--")
    }
    on_page = set(re.findall(r"`(--(?:registry|tag|platform|group|no-audit|json)\b)", PAGE))
    assert options - {"--help"} == on_page - {"--json"}
    assert all(f"`{group}`" in PAGE for group in GROUPS)


def test_the_messages_on_the_page_are_those_of_the_program() -> None:
    source = "".join(
        path.read_text("utf-8") for path in sorted((PROJECT.root / "pipeline/publishing").glob("*.py"))
    )
    table = PAGE.partition("## Errors")[2].partition("\n## ")[0]
    messages = [
        part
        for cell in re.findall(r"^\| (.*?) \| \d", table, re.MULTILINE)
        for part in re.findall(r"`([^`]+)`", cell)
    ]
    assert len(messages) > 10
    for message in messages:
        # Placeholders on the page are expressions in braces in the source.
        words = re.split(r"\b(?:HOST|NAME|PLATFORM)\b|\.\.\.|sha256:", message)
        assert all(word.strip(" ,") in source for word in words), message
