"""Dictionaries of results in pickle files."""

import pickle
from pathlib import Path


def getAllFilesIn(dir, tag="", extension=".pickle"):
    """Return the names, without extension, of the files of a folder that contain `tag`, sorted."""
    names = (path.name for path in Path(dir).iterdir() if path.is_file())
    return sorted(
        name[: len(name) - len(extension)] for name in names if tag in name and name.endswith(extension)
    )


def selectSome(strings, requiredsubstrings=(), requireAll=True):
    """Return the strings that contain all, or with `requireAll=False` any, of the substrings."""
    if not requiredsubstrings:
        return list(strings)
    test = all if requireAll else any
    return [string for string in strings if test(part in string for part in requiredsubstrings)]


def pickleDumpDict(name, d):
    """Write a dictionary to `name`.pickle; tell whether that worked."""
    try:
        with Path(f"{name}.pickle").open("wb") as file:
            pickle.dump(d, file, 0)
    except (OSError, pickle.PicklingError) as error:
        print(f"{name}.pickle was not written: {error}")
        return False
    return True


def pickleReadDict(name):
    """Read the dictionary in `name`.pickle; empty where there is no such file.

    Unpickling can run code: read only files that you wrote yourself.

    Raises:
        pickle.UnpicklingError, EOFError: the file is damaged.
    """
    path = Path(f"{name}.pickle")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")


def addToDictFile(name, key, data, verbose=False):
    """Append `data` to the list under `key` in the dictionary of `name`.pickle; tell whether that worked."""
    d = pickleReadDict(name)
    d.setdefault(key, []).append(data)
    if verbose:
        print(f"{key}: {len(d[key])} entries in {name}.pickle")
    return pickleDumpDict(name, d)
