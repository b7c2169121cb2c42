"""Create a checkout in a folder, from this checkout or from the files of the wheel."""

from __future__ import annotations

import filecmp
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.project import PROJECT, Layout
from pipeline.checkout.contents import DATA, files_of
from pipeline.checkout.locate import is_installed
from pybrain_runtime.errors import CannotWrite, InputMissing, OutputExists

_SHOWN = 5
"""The number of conflicting files that the message lists."""


@dataclass(frozen=True)
class LaidOut:
    """A checkout that was created.

    Attributes:
        root: the folder of the checkout.
        written: the number of files that were written.
        present: the number of files that already existed, with the same content.
    """

    root: Path
    written: int
    present: int


def lay_out(folder: Path, layout: Layout = PROJECT) -> LaidOut:
    """Write the files of a checkout to a folder. Existing files are never changed.

    Args:
        folder: the folder; it is created if necessary, and may hold other files.
        layout: the folder of these packages.

    Raises:
        OutputExists: a file with other content, or a link in place of a folder, exists; nothing was written.
        InputMissing: the files are not in this installation.
        CannotWrite: the folder cannot be written.
    """
    sources = dict(sorted(sources_of(layout).items()))
    try:
        root = folder.resolve()
        present = _present(root, sources)
        missing = [name for name in sources if name not in present]
        for name in missing:
            _write(sources[name], root / name)
    except OSError as error:
        path = error.filename or folder
        raise CannotWrite(
            f"{path}: {error.strerror or error}", hint="Choose another folder.", path=path, errno=error.errno
        ) from error
    return LaidOut(root, len(missing), len(present))


def sources_of(layout: Layout = PROJECT) -> Mapping[str, Path]:
    """Return the files of a checkout: the path of each in the checkout, and its present path.

    Args:
        layout: the folder of these packages.

    Raises:
        InputMissing: the files are not in this installation.
    """
    installed = is_installed(layout)
    data = layout.root / DATA if installed else layout.root
    try:
        project = tomllib.loads((data / "pyproject.toml").read_text(encoding="utf-8"))
        found = {name: data / name for name in (_all_files(data) if installed else files_of(data))}
        packages: list[str] = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    except (OSError, KeyError, ValueError) as error:
        raise InputMissing(
            f"This installation of the project does not contain the files of a checkout: {error}.",
            hint="Clone the repository instead.",
        ) from error
    for package in packages:
        source = layout.root / (package.rpartition("/")[2] if installed else package)
        found |= {f"{package}/{name}": source / name for name in _all_files(source)}
    # In a wheel, the data files are in one of the packages.
    return {name: path for name, path in found.items() if not name.startswith(f"{DATA}/")}


def _all_files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path.relative_to(folder).as_posix()


def _present(root: Path, sources: Mapping[str, Path]) -> set[str]:
    """Return the files that already exist.

    Raises:
        OutputExists: a file has other content, or a link or a file is in place of a folder.
    """
    folders = {parent.as_posix() for name in sources for parent in PurePosixPath(name).parents} - {"."}
    # Files written through a link would end up in a folder other than the named one.
    blocked = {name for name in folders if (root / name).is_symlink() or (root / name).is_file()}
    present = {name for name in sources if (root / name).exists() or (root / name).is_symlink()}
    other = sorted(blocked or {name for name in present if not _is_equal(sources[name], root / name)})
    if other:
        more = f" and {len(other) - _SHOWN:,} more" if len(other) > _SHOWN else ""
        raise OutputExists(
            f"{root} already has other files or links of these names: {', '.join(other[:_SHOWN])}{more}. "
            "Nothing was written.",
            hint="Choose an empty folder, or one that does not exist.",
            path=root,
        )
    return present


def _is_equal(source: Path, target: Path) -> bool:
    return target.is_file() and not target.is_symlink() and filecmp.cmp(source, target, shallow=False)


def _write(source: Path, target: Path) -> None:
    """Copy a file to a path that does not exist; no partial file is left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as content, target.open("xb") as file:
        try:
            shutil.copyfileobj(content, file)
        except BaseException:
            target.unlink()
            raise
