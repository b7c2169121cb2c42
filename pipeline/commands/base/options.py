"""Options that several commands share. Uses only the standard library."""

from __future__ import annotations

import argparse

_WIDE, _LONGEST, _WRAPPED = 78, 120, 96
"""The text width of a terminal of 80 columns; the longest line that is kept in a wide one, and the width of others."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of descriptions; wraps very long ones, and all that a narrow terminal would break in words."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap  # only ``--help`` needs it; argparse does the same

        longest = width if width < _WIDE else _LONGEST
        lines = []
        for line in text.splitlines():
            further = indent + " " * ((4 if width < _WIDE else 13) if line.startswith(" ") else 0)
            fitting = len(line) <= longest
            lines.append(
                indent + line
                if fitting
                else textwrap.fill(
                    line,
                    min(longest, _WRAPPED),
                    initial_indent=indent,
                    subsequent_indent=further,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
        return "\n".join(lines) + "\n"


def add_compose_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--compose``: which version of Compose is used."""
    parser.add_argument(
        "--compose",
        choices=("auto", "v1", "v2"),
        default="auto",
        help="v2: docker compose; v1: docker-compose; auto (default): v2 if it is installed",
    )


def add_minimum_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--minimum``: the points below which the command fails."""
    parser.add_argument(
        "--minimum",
        type=float,
        metavar="POINTS",
        help="exit with status 70 if the submission scores below this",
    )


def add_network_file_options(parser: argparse.ArgumentParser, file: str) -> None:
    """Add ``--card``, ``--sha256`` and ``--pick``.

    Args:
        parser: the parser of a command that loads a network.
        file: the metavar of the network's file.
    """
    parser.add_argument(
        "--card", metavar="FILE", help="the model card (default: NAME.card.json beside the network)"
    )
    parser.add_argument("--sha256", metavar="HEX", help=f"the expected SHA-256 of {file}, 64 hex digits")
    parser.add_argument(
        "--pick",
        metavar="NAME",
        help=f"the network to use if {file} is a pickle with several: its key in a dict, its index in a list (0, 1), "
        "or module for the network of a trainer",
    )


def add_keys_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--keys``: the API keys of a server."""
    from pathlib import Path  # not loaded at the start of every command

    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="require the API keys in this file, created with `keys add`"
    )


def add_host_name_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--allow-host``: the names by which a server may be addressed."""
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a domain name of this server; required without --keys for names with a dot; may be repeated",
    )


def add_reporting_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--json`` and ``--debug``."""
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, and nothing else, on standard output"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
