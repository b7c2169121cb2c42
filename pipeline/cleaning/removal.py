"""Remove what runs have left behind, unless a run is in progress."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from common import process
from common.errors import CheckoutBusy, PipelineError
from common.project import Layout
from common.run_lock import Busy, exclusive
from pipeline.cleaning.leftovers import Leftovers
from pybrain_runtime.io.atomic_file import cannot_write


def remove(layout: Layout, found: Leftovers) -> tuple[list[str], dict[str, str]]:
    """Remove files, folders and images. A link is removed, but not its target.

    Args:
        layout: the checkout.
        found: the files, folders and images to remove.

    Returns:
        The names of what was removed, and the reasons why the rest was not removed, by name.

    Raises:
        CheckoutBusy: a run is in progress in the checkout.
    """
    removed: list[str] = []
    failed: dict[str, str] = {}
    with _no_run(layout):
        for path, shown in zip(found.paths, found.shown, strict=True):
            try:
                _remove(path)
                removed.append(shown)
            except OSError as error:
                failed[shown] = error.strerror or str(error)
        for image in found.images:
            reason = _remove_image(image)
            if reason:
                failed[f"image {image}"] = reason
            else:
                removed.append(f"image {image}")
    return removed, failed


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_image(image: str) -> str:
    """Remove an image, and return the reason if it could not be removed, as while it is in use; empty otherwise."""
    try:
        ended = process.run(["docker", "image", "rm", image], timeout=60)
    except (OSError, PipelineError) as error:
        return str(error)
    return "" if ended.ok else ended.last_lines(1).strip() or f"docker exited with status {ended.status}"


@contextmanager
def _no_run(layout: Layout) -> Iterator[None]:
    """Hold the existing locks of the runs of a checkout."""
    locks = [path for path in (layout.lock, layout.serving_lock) if path.is_file()]
    with ExitStack() as stack:
        for path in locks:
            try:
                stack.enter_context(exclusive(path, patience=0, on_wait=lambda holder: None))
            except Busy as error:
                raise CheckoutBusy(
                    f"a run is in progress in this checkout: {error}. Nothing was removed.",
                    hint="Try again later.",
                ) from error
            except OSError as error:
                raise cannot_write(path, error) from error
        yield
