"""Dictionaries of results in pickle files."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pybrain._typing import StrPath


def getAllFilesIn(dir: StrPath, tag: str = "", extension: str = ".pickle") -> list[str]:
    """Return the sorted names, without extension, of the files in a folder.

    Args:
        dir: the folder.
        tag: a substring of the names.
        extension: extension of the files, with its dot.
    """
    names = (path.name for path in Path(dir).iterdir() if path.is_file())
    return sorted(
        name[: len(name) - len(extension)] for name in names if tag in name and name.endswith(extension)
    )


def selectSome(
    strings: Iterable[str], requiredsubstrings: Iterable[str] = (), requireAll: bool = True
) -> list[str]:
    """Return the strings that contain all or any of the substrings.

    Args:
        strings: the strings.
        requiredsubstrings: the substrings.
        requireAll: whether all substrings are required, or any of them.
    """
    if not requiredsubstrings:
        return list(strings)
    test = all if requireAll else any
    return [string for string in strings if test(part in string for part in requiredsubstrings)]


def pickleDumpDict(name: str, d: Mapping[Any, Any]) -> bool:
    """Write a dictionary to `name`.pickle, and return whether that succeeded.

    Args:
        name: path of the file, without the extension ``.pickle``.
        d: the dictionary.
    """
    try:
        with Path(f"{name}.pickle").open("wb") as file:
            pickle.dump(d, file, 0)
    except (OSError, pickle.PicklingError) as error:
        print(f"{name}.pickle was not written: {error}")
        return False
    return True


def pickleReadDict(name: str) -> dict[Any, Any]:
    """Read the dictionary in `name`.pickle; empty if there is no such file.

    Unpickling can run code: read only files that you wrote yourself.

    Raises:
        pickle.UnpicklingError, EOFError: the file is damaged.
    """
    path = Path(f"{name}.pickle")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")


def addToDictFile(name: str, key: Any, data: Any, verbose: bool = False) -> Any:
    """Append data to a list in the dictionary of `name`.pickle, and return whether that succeeded.

    Args:
        name: path of the file, without the extension ``.pickle``.
        key: key of the list.
        data: the item to append.
        verbose: whether to print the new length of the list.
    """
    d = pickleReadDict(name)
    d.setdefault(key, []).append(data)
    if verbose:
        print(f"{key}: {len(d[key])} entries in {name}.pickle")
    return pickleDumpDict(name, d)
