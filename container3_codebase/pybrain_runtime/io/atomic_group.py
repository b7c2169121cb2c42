"""Commits several files together: either all of them are renamed, or none, and the earlier ones are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.locks import locked_folder
from pybrain_runtime.io.paths import beside, remove, remove_if_there, rename
from pybrain_runtime.io.signals import signals_held_back
from pybrain_runtime.io.temporary_files import temporary_name


def commit_together(files: Sequence[AtomicFile], *, withdraw: str = "") -> None:
    """Rename finished files to their final names, in order.

    Termination signals are deferred until all are renamed, and other runs that write the same files wait. If one
    cannot be renamed, the earlier files are restored.

    Args:
        files: the finished files.
        withdraw: path of the file that describes the others. Its earlier version is removed first, so that it is
            never left beside files that it does not describe, even after a power failure.

    Raises:
        CannotWrite: a file cannot be renamed.
    """
    with signals_held_back(), locked_folder(beside(files[0].path, "")):
        backups: dict[str, str] = {}
        try:
            for file in files:
                _back_up(file.path, backups)
            if withdraw in backups:
                with suppress(OSError):  # the error occurs again when the new file is renamed
                    remove(withdraw)
            for file in files:
                file.commit()
        except BaseException:
            for file in files:
                file.discard()
            for path, copy in backups.items():
                with suppress(OSError):
                    rename(copy, path)
                    remove_if_there(copy)  # rename leaves it if both names refer to the same file
            raise
        for file in files:
            file.confirm()
        for copy in backups.values():
            with suppress(OSError):
                remove_if_there(copy)


def _back_up(path: str, backups: dict[str, str]) -> None:
    """Add a hard link to the existing file if the file system supports it."""
    copy = temporary_name(path)
    with suppress(OSError, NotImplementedError):
        os.link(path, copy, follow_symlinks=False)
        backups[path] = copy
