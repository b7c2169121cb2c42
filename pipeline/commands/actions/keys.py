"""Change the key file, and print keys."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from access_control.key_file import KEY_ID, read_key_file, shown_time, write_key_file
from access_control.keys import Key, new_key, sha256_of
from access_control.rates import parse_rate
from common.errors import InputMissing, UsageError
from pipeline.commands.base.command import Context, Result
from pybrain_runtime.io.locks import locked_folder

_DEFAULT_SCOPES = ("predict", "models")
_DAY = 86400.0


@dataclass
class KeysResult(Result):
    """The result of `keys`.

    Attributes:
        file: the key file.
        keys: the keys in the file.
        key: the new key; empty if none was created.
    """

    file: Path
    keys: tuple[Key, ...] = field(repr=False)
    key: str = field(default="", repr=False)

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        listed = [
            {
                "id": key.id,
                "scopes": sorted(key.scopes),
                "rate": str(key.rate) if key.rate else None,
                "created": shown_time(key.created),
                "expires": None if key.expires is None else shown_time(key.expires),
            }
            for key in self.keys
        ]
        return {"file": str(self.file), "keys": listed, **({"key": self.key} if self.key else {})}


class NewKey(NamedTuple):
    """The options of `keys add`.

    Attributes:
        scopes: the scopes of the key; empty for the default.
        rate: the rate limit of the key; None for the server's.
        days: number of days that the key is valid; None for no expiry.
    """

    scopes: list[str]
    rate: str | None
    days: int | None


def manage(context: Context, action: str, name: str, file: Path | None, new: NewKey) -> KeysResult:
    """Create, list or revoke a key.

    Args:
        context: the command's context.
        action: ``add``, ``list`` or ``revoke``.
        name: the id of the key; empty for ``list``.
        file: the key file; None for that of the environment, otherwise that of the checkout.
        new: the options of a new key.

    Raises:
        UsageError: the name or the rate is missing, superfluous or not valid, or the name is already used.
        InputMissing: there is no such file or key.
        KeyFileError: the file is not valid.
        CannotWrite: the file cannot be written.
    """
    path = file or Path(context.environment.get("SERVE_KEYS") or context.layout.root / "api_keys.json")
    if action == "list":
        return _list(context, name, path)
    if not KEY_ID.fullmatch(name):
        raise UsageError(
            f"{name[:60]!a} is not a valid key name.",
            hint="Use up to 64 letters, digits, '_', '.' and '-'.",
        )
    with locked_folder(str(path.parent)):
        return _add(context, name, path, new) if action == "add" else _revoke(context, name, path)


def _add(context: Context, name: str, path: Path, new: NewKey) -> KeysResult:
    keys = read_key_file(path) if path.exists() else ()
    if any(key.id == name for key in keys):
        raise UsageError(
            f"A key named {name} already exists.", hint="Revoke it first, or choose another name."
        )
    text, now = new_key(), time.time()
    try:
        rate = parse_rate(new.rate) if new.rate is not None else None
    except ValueError as error:
        raise UsageError(f"--rate: {error}.") from None
    expires = None if new.days is None else now + new.days * _DAY
    scopes = frozenset(new.scopes or _DEFAULT_SCOPES)
    keys = (*keys, Key(name, sha256_of(text), scopes, rate, now, expires))
    write_key_file(path, keys)
    context.console.print(f"  key          {text}")
    context.console.print("               It is shown only this once; the file stores only its hash.")
    context.console.print(f"  scopes       {', '.join(sorted(scopes))}")
    context.console.print(f"  file         {context.layout.shown(path)}")
    return KeysResult(path, keys, text)


def _list(context: Context, name: str, path: Path) -> KeysResult:
    if name:
        raise UsageError("`keys list` takes no name.")
    keys = read_key_file(path)
    now = time.time()
    for key in keys:
        expiry = "" if key.expires is None else f", expires {shown_time(key.expires)}"
        state = "expired" if key.has_expired(now) else f"{key.rate or 'no rate of its own'}{expiry}"
        context.console.print(f"  {key.id:<12} {', '.join(sorted(key.scopes))}; {state}")
    if not keys:
        context.console.print("  no keys")
    return KeysResult(path, keys)


def _revoke(context: Context, name: str, path: Path) -> KeysResult:
    keys = read_key_file(path)
    kept = tuple(key for key in keys if key.id != name)
    if len(kept) == len(keys):
        raise InputMissing(
            f"There is no key named {name} in {context.layout.shown(path)}.", path=path, role="keys"
        )
    write_key_file(path, kept)
    context.console.print(f"  revoked      {name}")
    return KeysResult(path, kept)
