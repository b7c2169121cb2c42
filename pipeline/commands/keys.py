"""`keys`: create, list and revoke the API keys of a server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context

if TYPE_CHECKING:
    from pipeline.commands.actions.keys import KeysResult

_EPILOG = (
    "The file stores the SHA-256 of each key, never the key itself: `add` shows the key once. A server that was\n"
    "started with `serve --keys FILE` or `control --keys FILE` applies changes to the file within a second.\n\n"
    "scopes: predict (predictions and sessions), models (list, cards, metadata), metrics; of `control`:\n"
    "compose:generate (generate and check), compose:bundle (bundles, for which the server fetches files)\n\n"
    "exit status: 0 done, 2 wrong usage, 65 the file is not valid, 66 there is no such file or key,\n"
    "70 internal error, 73 cannot write"
)


class KeysCommand(Command):
    """Manage API keys.

    Attributes:
        action: ``add``, ``list`` or ``revoke``.
        id: the id of the key; empty for ``list``.
        scope: the scopes of the new key; empty for the default.
        rate: the rate limit of the key; None for the server's.
        days: number of days that the key is valid; None for no expiry.
        file: the key file; None for that of the environment, otherwise that of the checkout.
    """

    name = "keys"
    position = 126
    reads_env_file = True
    summary = "Create, list and revoke the API keys of a server: add NAME, list, revoke NAME."
    epilog = _EPILOG

    action: str
    id: str
    scope: list[str]
    rate: str | None
    days: int | None
    file: Path | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument("action", choices=("add", "list", "revoke"), help="add, list or revoke a key")
        parser.add_argument("id", metavar="NAME", nargs="?", default="", help="the name of the key")
        parser.add_argument(
            "--scope",
            choices=("predict", "models", "metrics", "compose:generate", "compose:bundle"),
            action="append",
            default=[],
            help="add: what the key allows; may be repeated (default: predict and models)",
        )
        parser.add_argument("--rate", metavar="RATE", help="add: the limit of requests, such as 100/min")
        parser.add_argument("--days", type=_days, metavar="N", help="add: the key expires after N days")
        parser.add_argument(
            "--file",
            type=Path,
            metavar="FILE",
            help="the key file (default: the environment variable SERVE_KEYS, otherwise api_keys.json of the checkout)",
        )

    def run(self, context: Context) -> KeysResult:
        """Create, list or revoke a key.

        Raises:
            UsageError: the name or the rate is missing, superfluous or not valid, or the name is already used.
            InputMissing: there is no such file or key.
            KeyFileError: the file is not valid.
            CannotWrite: the file cannot be written.
        """
        from pipeline.commands.actions.keys import NewKey, manage

        new = NewKey(self.scope, self.rate, self.days)
        return manage(context, self.action, self.id, self.file, new)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a valid number of days")
    return int(text)
