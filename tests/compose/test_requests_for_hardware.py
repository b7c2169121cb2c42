"""docs/compose-generator.md has a request for each compose file of the discussion, and shows what it generates."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from common.project import PROJECT

PAGE = (PROJECT.root / "docs" / "compose-generator.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Requests for other hardware\n")[2].partition("\n## ")[0]
SNIPPETS = re.findall(r"\*\*(.*?)\*\*.*?```json\n(.*?)```\n```yaml\n(.*?)```", SECTION, re.DOTALL)


def test_the_page_has_every_compose_file_of_the_discussion() -> None:
    assert len(SNIPPETS) == 9
    assert SECTION.count("```json") == SECTION.count("```yaml") == 9


def is_part(shown: Any, whole: Any) -> bool:
    """Return whether the generated file contains everything that the page shows."""
    if isinstance(shown, dict):
        return isinstance(whole, dict) and all(
            key in whole and is_part(value, whole[key]) for key, value in shown.items()
        )
    return bool(shown == whole)


@pytest.mark.parametrize(
    ("request_text", "shown"), [snippet[1:] for snippet in SNIPPETS], ids=[s[0] for s in SNIPPETS]
)
def test_a_request_gives_what_the_page_shows(requests, request_text: str, shown: str) -> None:
    services = requests.services(json.loads(request_text))
    expected = yaml.safe_load(shown)
    assert list(services) == list(expected)
    assert is_part(expected, services), services
    for target in ("swarm", "kubernetes"):
        assert all(
            expected[name]["image"] in requests.generated(json.loads(request_text), target).text
            for name in expected
        )


def test_reservations_are_carried_over_by_the_targets_for_clusters(requests) -> None:
    request = json.loads(SNIPPETS[4][1])
    stack = yaml.safe_load(requests.generated(request, "swarm").text)["services"]["codebase"]
    assert stack["deploy"]["resources"]["reservations"] == {"cpus": "2", "memory": str(4 << 30)}
    job = yaml.safe_load_all(requests.generated(request, "kubernetes").text)
    (container,) = next(iter(job))["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"] == {"cpu": "2000m", "memory": "4096Mi"}
