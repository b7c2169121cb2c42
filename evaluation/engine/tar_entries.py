"""Iterate over a tar archive whose content is untrusted, with bounded memory."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator


def tar_entries(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the entries one at a time; `tarfile` itself would keep all of them in memory."""
    while (entry := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]
        yield entry
