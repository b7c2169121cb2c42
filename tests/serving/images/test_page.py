"""The page at `/`: one document that loads nothing from elsewhere, and that the server's policy allows to run."""

from __future__ import annotations

import base64
import hashlib
import re

from serving.page.document import read_document
from serving.routes.scopes import scope_of
from tests.serving.servers import Server

HTML = read_document().body.decode("utf-8")


def parts(tag: str) -> list[str]:
    return re.findall(rf"<{tag}>(.*?)</{tag}>", HTML, re.S)


def test_the_page_is_served_and_needs_no_key(digits: Server) -> None:
    answer = digits.get("/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.decode("utf-8") == HTML
    head = digits.ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    assert scope_of("GET", "/") is None


def test_only_its_own_style_and_script_may_run(digits: Server) -> None:
    policy = digits.get("/").headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert (
        rules["default-src"]
        == rules["base-uri"]
        == rules["form-action"]
        == rules["frame-ancestors"]
        == "'none'"
    )
    assert (rules["connect-src"], rules["img-src"]) == ("'self'", "data:")
    for tag in ("style", "script"):
        [text] = parts(tag)
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert "://" not in HTML
    assert "style=" not in HTML and not re.search(r"\son[a-z]+=", HTML)
    assert set(re.findall(r'(?:src|href)="([^"]*)"', HTML)) == {"data:,", "docs"}


def test_the_script_finds_its_elements() -> None:
    [script] = parts("script")
    ids = set(re.findall(r'id="([\w-]+)"', HTML))
    assert set(re.findall(r'byId\("([\w-]+)"\)', script)) <= ids
    for member in ("labels", "probabilities", "predictions", "classes", "inputs"):
        assert f"answer.{member}" in script


def test_a_key_is_kept_in_memory_only() -> None:
    [script] = parts("script")
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie|eval\(", script)


def test_texts_of_models_are_never_parsed_as_html() -> None:
    [script] = parts("script")
    assert not re.search(r"(inner|outer)HTML|insertAdjacentHTML|document\.write", script)
