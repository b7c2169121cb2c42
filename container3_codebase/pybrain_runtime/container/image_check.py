"""Whether the images are those of the checkout that the stack runs in.

There is one image of a name on a machine. A run may get one that was built in another checkout, with another
network, or before a file was changed. The data containers see both and leave notices; for the code, they leave the
digest that the image of codebase would have, were it built now.
"""

from __future__ import annotations

import os

from pybrain_runtime.errors import DataError
from pybrain_runtime.network.model_card import card_path

BUILT_FROM = "/codeBase/built_from.sha256"
_LONGEST = 4096


def stale_images(notices: str, built_from: str = BUILT_FROM) -> tuple[str, ...]:
    """Returns a sentence for each image that does not fit the checkout.

    Args:
        notices: the folder that the data containers leave their notices in; empty where there is none.
        built_from: the file with the digest of the code that this image was built from.
    """
    if not notices:
        return ()
    said = []
    for name in ("activationbase", "knowledgebase"):
        said += [line for line in _text(f"{notices}/{name}.notice").splitlines() if line.strip()]
    checkout, ours = _text(f"{notices}/code.sha256").strip(), _text(built_from).strip()
    if checkout and checkout != ours:
        said.append(
            f"codebase_app07 was built from other code (sha256 {ours[:16] or 'unknown'}) than container3_codebase "
            f"(sha256 {checkout[:16]}). It was built in another checkout, or before the code was changed, and this "
            "run uses what the image holds. For what this folder holds: docker-compose up --build"
        )
    return tuple(said)


def check_published(notices: str, path: str, sha256: str) -> None:
    """Checks that a file that was read is the one that a data container of this run put there.

    Args:
        notices: the folder that the data containers leave their notices in; empty where there is none.
        path: the file.
        sha256: of what was read of it; empty where it was not there.

    Raises:
        DataError: it is another one.
    """
    for name in ("activationbase", "knowledgebase") if notices else ():
        lines = [line.partition("  ") for line in _text(f"{notices}/{name}.sha256").splitlines()]
        put = {target: was for was, _, target in lines}
        beside = path.endswith(".card.json") and any(card_path(target) == path for target in put)
        if put.get(path, "" if beside else sha256) != sha256:
            raise DataError(
                f"{path} is not the file that {name} put there (sha256 {sha256[:16] or 'of none'} was read, "
                f"{put.get(path, '')[:16] or 'none'} was put).",
                hint="Does another stack use the same shared_data, or did somebody write to it? Start again, alone.",
                path=path,
            )


def _text(path: str) -> str:
    """Returns the beginning of a small file; nothing where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    try:
        return os.read(descriptor, _LONGEST).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
