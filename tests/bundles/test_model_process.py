"""Models are loaded by the safe loader in a process with limits before they are used."""

from __future__ import annotations

import gzip
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from common.project import PROJECT
from pipeline.bundles.bundle_limits import DEFAULT_BUNDLE_LIMITS, MIB
from pipeline.bundles.errors import SourceRefused
from pipeline.bundles.model_process import ModelFacts, check_model


class Evil:
    """An object that runs a program when pickle unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        import os

        return os.system, ("touch unpickled",)


def check(file: Path, folder: Path, name: str = "net.pkl", **limits: float) -> ModelFacts:
    (folder / "process").mkdir()
    return check_model(file, name, folder / "process", replace(DEFAULT_BUNDLE_LIMITS, **limits))


@pytest.mark.slow
def test_a_network_is_described(tmp_path: Path) -> None:
    found = check(PROJECT.models / "iris.pkl", tmp_path)
    assert (found.kind, found.inputs, found.outputs) == ("FeedForwardNetwork", 4, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pickle.dumps(Evil()), "system"),
        (lambda: pickle.dumps({"a": 1}), "net.pkl"),
        (lambda: b"", "net.pkl"),
        (lambda: b"<html><body>Please log in</body></html>", "net.pkl"),
        (lambda: gzip.compress(b"\x80\x04" + b"0" * 30_000_000), "net.pkl"),
        (lambda: b"\x80\x04" + b"]" * 1_000_000 + b"a" * 999_999 + b".", "net.pkl"),
    ],
    ids=["code", "no network", "empty", "page", "compressed", "nested"],
)
def test_a_file_that_is_not_a_network_is_refused(
    tmp_path: Path, make: Callable[[], bytes], message: str
) -> None:
    (tmp_path / "file").write_bytes(make())
    with pytest.raises(SourceRefused, match=message):
        check(tmp_path / "file", tmp_path)
    assert not (tmp_path / "process" / "unpickled").exists() and not Path("unpickled").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "message"),
    [({"model_seconds": 0.01}, "more than 0.01 s"), ({"model_memory": 20 * MIB}, "failed|memory")],
)
def test_loading_a_model_is_limited_from_outside(
    tmp_path: Path, limits: dict[str, float], message: str
) -> None:
    shutil.copy(PROJECT.models / "iris.pkl", tmp_path / "file")
    with pytest.raises(SourceRefused, match=message):
        check(tmp_path / "file", tmp_path, **limits)
