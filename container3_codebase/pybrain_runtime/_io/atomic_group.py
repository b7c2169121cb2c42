"""Several finished files get their names together: all of them, or none and what was there before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.locks import locked_folder
from pybrain_runtime._io.paths import beside, remove, remove_if_there, rename
from pybrain_runtime._io.signals import signals_held_back
from pybrain_runtime._io.temporary_files import temporary_name


def commit_together(files: Sequence[AtomicFile], *, withdraw: str = "") -> None:
    """Gives finished files their names, in their order.

    A request to end waits until all have them, and so does another run that writes the same files. If one cannot
    get its name, the files that were there before are put back.

    Args:
        files: the files, finished.
        withdraw: the one among them that tells about the others. What had its name before is taken away first, so
            that it never stands beside files that it does not tell about, even if the machine goes down.

    Raises:
        CannotWrite: one of them cannot get its name.
    """
    with signals_held_back(), locked_folder(beside(files[0].path, "")):
        kept: dict[str, str] = {}
        try:
            for file in files:
                _keep(file.path, kept)
            if withdraw in kept:
                with suppress(OSError):  # what is wrong shows when the new one is to get its name
                    remove(withdraw)
            for file in files:
                file.commit()
        except BaseException:
            for file in files:
                file.discard()
            for path, copy in kept.items():
                with suppress(OSError):
                    rename(copy, path)
                    remove_if_there(copy)  # which rename leaves where both are names of one file
            raise
        for file in files:
            file.confirm()
        for copy in kept.values():
            with suppress(OSError):
                remove_if_there(copy)


def _keep(path: str, kept: dict[str, str]) -> None:
    """Gives the file that is there a second name. Where that cannot be done, it is not kept."""
    copy = temporary_name(path)
    with suppress(OSError, NotImplementedError):
        os.link(path, copy, follow_symlinks=False)
        kept[path] = copy
