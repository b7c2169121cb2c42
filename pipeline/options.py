"""Options that several commands take, each said once. Standard library alone."""

from __future__ import annotations

import argparse


def add_compose(parser: argparse.ArgumentParser) -> None:
    """Adds `--compose`: which generation of Compose is used."""
    parser.add_argument(
        "--compose",
        choices=("auto", "v1", "v2"),
        default="auto",
        help="v2: docker compose; v1: docker-compose; auto (default): v2 where it is there",
    )
