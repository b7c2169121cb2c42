"""The file of the API keys."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from access_control.errors import InvalidKey, KeyFileError
from access_control.key_file import read_key_file, write_key_file
from access_control.key_store import KeyStore
from access_control.keys import Key, new_key, sha256_of
from access_control.rates import Rate
from pybrain_runtime.errors import CannotWrite, InputMissing

KEY = Key(
    "laptop", "a" * 64, frozenset({"predict", "models"}), Rate(5, "s"), 1_700_000_000.0, 1_900_000_000.0
)


def test_keys_are_written_for_their_owner_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    other = Key("other", "b" * 64, frozenset({"metrics"}))
    write_key_file(path, [KEY, other])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path) == (KEY, other)
    assert list(tmp_path.iterdir()) == [path]


def test_the_key_file_contains_no_key(tmp_path: Path) -> None:
    key = new_key()
    write_key_file(tmp_path / "keys.json", [KEY._replace(sha256=sha256_of(key))])
    assert key not in (tmp_path / "keys.json").read_text("utf-8")
    assert len(key) == len("app07_") + 43


def changed(**members: object) -> Any:
    return {
        "format": "app07-keys-1",
        "keys": [{"id": "a", "sha256": "0" * 64, "scopes": ["predict"], **members}],
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "recursion"),
        ("[]", 'expected an object with "format"'),
        (json.dumps({"format": "app07-keys-1"}), "keys is not a list"),
        (json.dumps(changed(id="../x")), r"keys\[0\].id does not match"),
        (json.dumps(changed(sha256="A" * 64)), "sha256 does not match"),
        (json.dumps(changed(scopes=[])), "scopes is not a list of predict, models, metrics"),
        (json.dumps(changed(scopes=["root"])), "scopes is not a list"),
        (json.dumps(changed(scopes=[["predict"]])), "scopes is not a list"),
        (json.dumps(changed(rate=5)), "rate: '5' is not a rate"),
        (json.dumps(changed(expires="soon")), "expires is not a time"),
        (json.dumps(changed(expires=1e999)), "expires is not a time"),
        (json.dumps(changed(key="secret")), "unknown member 'key'"),
        (json.dumps({"format": "app07-keys-1", "keys": changed()["keys"] * 2}), "two keys have the same id"),
        (" " * (2 << 20), "more than 1048576 bytes"),
    ],
    ids=range(15),
)
def test_a_file_that_is_not_valid_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, "utf-8")
    with pytest.raises(KeyFileError, match=message):
        read_key_file(path)


def test_a_missing_file_and_a_world_writable_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(InputMissing, match="no such file"):
        read_key_file(path)
    write_key_file(path, [KEY])
    path.chmod(0o666)
    with pytest.raises(KeyFileError, match="can be changed by every user"):
        read_key_file(path)
    with pytest.raises(CannotWrite):
        write_key_file(tmp_path / "none" / "keys.json", [])


def test_a_store_follows_its_file_and_keeps_the_keys_of_a_broken_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_key_file(path, [KEY._replace(sha256=sha256_of("one"))])
    store = KeyStore(path)
    path.write_text("broken", "utf-8")
    store.reload()
    assert store.ring.find("one", 0.0).id == "laptop"
    assert "is not a valid key file" in store.problem
    path.unlink()
    store.reload()
    assert store.ring.find("one", 0.0).id == "laptop"
    write_key_file(path, [KEY._replace(id="two", sha256=sha256_of("two"))])
    store.reload()
    assert store.ring.find("two", 0.0).id == "two"
    assert store.problem == ""
    with pytest.raises(InvalidKey):
        store.ring.find("one", 0.0)


def test_a_revoked_key_is_refused_within_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.json"
    write_key_file(path, [KEY._replace(sha256=sha256_of("one"))])
    store = KeyStore(path)
    write_key_file(path, [])
    assert len(store.ring.keys) == 1
    monkeypatch.setattr("access_control.key_store.time.monotonic", lambda: float("inf"))
    assert store.ring.keys == ()
