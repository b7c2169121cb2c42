"""The access control options of `serve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from access_control.origins import check_allowed_origin
from access_control.rates import parse_rate
from common.errors import UsageError
from serving.settings import Settings

_Value = TypeVar("_Value")


class AccessOptions(NamedTuple):
    """The options that control who may use the server.

    Attributes:
        keys: the key file; None where clients need no key.
        rate: the rate limit of a key without one of its own; without keys, of a client address.
        origins: origins whose pages may use the server.
        hosts: further names of the server.
    """

    keys: Path | None
    rate: str | None
    origins: Sequence[str]
    hosts: Sequence[str]

    def applied_to(self, settings: Settings) -> Settings:
        """Return settings with these options.

        Raises:
            UsageError: an option is not valid.
        """
        return replace(
            settings,
            keys=self.keys,
            rate=None if self.rate is None else _parsed("--rate", parse_rate, self.rate),
            origins=tuple(_parsed("--cors", check_allowed_origin, each) for each in self.origins),
            hosts=tuple(host.lower() for host in self.hosts),
        )


def _parsed(option: str, parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None
