"""Checks that the images were built from the checkout that the stack runs in.

A machine has only one image of each name, which may have been built in another checkout, with another network, or
before a file was changed. The data containers compare both and leave notices; for the code, they leave the digest that
the image of codebase would have if it were built now.
"""

from __future__ import annotations

import os

from pybrain_runtime.errors import DataError
from pybrain_runtime.io.open_flags import NO_FOLLOW, READ
from pybrain_runtime.network.model_card import card_path

BUILT_FROM = "/codeBase/built_from.sha256"
_MOST_BYTES = 4096


def stale_images(notices: str, built_from: str = BUILT_FROM) -> tuple[str, ...]:
    """Return a warning for each image that does not match the checkout.

    Args:
        notices: the folder with the notices of the data containers; empty if there is none.
        built_from: the file with the digest of the code that this image was built from.
    """
    if not notices:
        return ()
    warnings = []
    for name in ("activationbase", "knowledgebase"):
        warnings += [line for line in _text(f"{notices}/{name}.notice").splitlines() if line.strip()]
    checkout, ours = _text(f"{notices}/code.sha256").strip(), _text(built_from).strip()
    if checkout and checkout != ours:
        warnings.append(
            f"codebase_app07 was built from other code (sha256 {ours[:16] or 'unknown'}) than container3_codebase "
            f"(sha256 {checkout[:16]}). It was built in another checkout, or before the code was changed, and this "
            "run uses what the image holds. For what this folder holds: docker-compose up --build"
        )
    return tuple(warnings)


def check_published(notices: str, path: str, sha256: str) -> None:
    """Check that a file that was read is the one that a data container of this run has published.

    Args:
        notices: the folder with the notices of the data containers; empty if there is none.
        path: the file.
        sha256: hash of what was read; empty if the file did not exist.

    Raises:
        DataError: the file that was read is not the published one.
    """
    for name in ("activationbase", "knowledgebase") if notices else ():
        lines = [line.partition("  ") for line in _text(f"{notices}/{name}.sha256").splitlines()]
        put = {target: was for was, _, target in lines}
        beside = path.endswith(".card.json") and any(card_path(target) == path for target in put)
        if put.get(path, "" if beside else sha256) != sha256:
            raise DataError(
                f"{path} is not the file that {name} published (sha256 {sha256[:16] or 'of none'} was read, "
                f"{put.get(path, '')[:16] or 'none'} was published).",
                hint="Another stack or program may have written to shared_data. Start again when nothing else uses it.",
                path=path,
            )


def _text(path: str) -> str:
    """Return the beginning of a small file; an empty string if it cannot be read."""
    try:
        descriptor = os.open(path, READ | NO_FOLLOW)
    except OSError:
        return ""
    try:
        return os.read(descriptor, _MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
