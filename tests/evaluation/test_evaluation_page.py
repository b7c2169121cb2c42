"""The facts on docs/evaluation.md that the code decides."""

from __future__ import annotations

import re

from common.project import PROJECT
from evaluation.workers import tasks


def test_the_tasks_in_the_table_of_the_workers_are_those_that_exist() -> None:
    page = (PROJECT.root / "docs" / "evaluation.md").read_text("utf-8")
    table = page.partition("| what is read | where |")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[-2])}
    defined = {
        name
        for name, value in vars(tasks).items()
        if callable(value) and getattr(value, "__module__", "") == tasks.__name__ and not name.startswith("_")
    }
    assert named - {"git"} <= defined
    assert len(named) > 8
