"""`publish` validates its options first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from common.project import Layout
from pipeline.cli import parse
from tests.driving import Driven


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--registry", "https://h.example/a"), "has a scheme"),
        (("--registry", "user:secret@h.example/a"), "neither credentials nor a digest"),
        (("--registry", "h.example/a", "--tag", "a b"), "is not a valid tag"),
    ],
)
def test_invalid_options_exit_with_status_2_and_write_nothing(
    checkout: Layout, publish: Callable[..., Driven], words: tuple[str, ...], message: str
) -> None:
    done = publish(checkout, *words)
    assert done.status == 2
    assert message in done.err and "secret" not in done.err
    assert not (checkout.output / "publishing").exists()


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--registry", "h.example/a", "--platform", "linux/s390x"),
        ("--registry", "h/a", "--group", "none"),
    ],
)
def test_unknown_options_exit_with_status_2(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["publish", *words])
    assert ended.value.code == 2


def test_missing_docker_is_reported(
    checkout: Layout, publish: Callable[..., Driven], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    done = publish(checkout, "--registry", "h.example/a")
    assert done.status == 69
    assert "docker is not installed" in done.err and "--engine" not in done.err
