"""Match paths, images and services against the patterns of a rubric: ``*`` and ``?``, ignoring case."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Sequence


def matches_path(path: str, pattern: str) -> bool:
    """Return whether a path matches a pattern; ``*`` does not match a slash, ``**/`` matches any number of folders.

    Args:
        path: the path, with forward slashes.
        pattern: the pattern.
    """
    if "**" not in pattern and path.count("/") != pattern.count("/"):
        return False
    return _matches(path.casefold().split("/"), pattern.casefold().split("/"))


def _matches(parts: Sequence[str], expected: Sequence[str]) -> bool:
    if not expected or not parts:
        return not expected and not parts
    if expected[0] == "**":
        return any(_matches(parts[skipped:], expected[1:]) for skipped in range(len(parts)))
    return fnmatch.fnmatchcase(parts[0], expected[0]) and _matches(parts[1:], expected[1:])


def find_files(patterns: Sequence[str], files: Sequence[str]) -> list[str]:
    """Return the files that match any pattern, in the order of the patterns; exact spelling first.

    Args:
        patterns: the patterns, best first.
        files: the paths of all files.
    """
    fitting = [
        name
        for pattern in patterns
        for name in sorted(
            (name for name in files if matches_path(name, pattern)), key=lambda name: (name != pattern, name)
        )
    ]
    return list(dict.fromkeys(fitting))


def is_other_name(path: str, names: Sequence[str]) -> bool:
    """Return whether a path differs from the first name, even in case only; False if the first name is a pattern.

    Args:
        path: the path.
        names: the accepted names, the preferred one first.
    """
    return path != names[0] and not has_wildcard(names[0])


def has_wildcard(pattern: str) -> bool:
    """Return whether a pattern can match more than one name."""
    return any(character in pattern for character in "*?[")


def find_folder(patterns: Sequence[str], folders: Sequence[str], preferred: Collection[str]) -> str:
    """Return the folder that matches the earliest pattern, a preferred one first; empty if none matches.

    Args:
        patterns: the patterns, best first.
        folders: the paths of the folders.
        preferred: folders that are chosen over others, such as those with a Dockerfile.
    """
    for pattern in patterns:
        fitting = find_files([pattern], folders)
        if fitting:
            return next((name for name in fitting if name in preferred), fitting[0])
    return ""


def plain_name(image: str) -> str:
    """Return an image name without the registry and namespace that Docker adds by default."""
    return image.removeprefix("docker.io/").removeprefix("library/")


def matches_image(image: str, patterns: Sequence[str]) -> bool:
    """Return whether an image name, without its tag, matches one of the patterns.

    Args:
        image: the image name, with or without registry and tag.
        patterns: the patterns.
    """
    plain = plain_name(image.casefold()).partition("@")[0]
    folder, slash, last = plain.rpartition("/")
    name = f"{folder}{slash}{last.partition(':')[0]}"
    return any(fnmatch.fnmatchcase(name, pattern.casefold()) for pattern in patterns)


def matches_service(service: str, patterns: Sequence[str]) -> bool:
    """Return whether a service name matches one of the patterns; underscores and hyphens are ignored.

    Args:
        service: the service name in a compose file.
        patterns: the patterns.
    """
    plain = service.casefold().replace("_", "").replace("-", "")
    wanted = (pattern.casefold().replace("_", "").replace("-", "") for pattern in patterns)
    return any(fnmatch.fnmatchcase(plain, pattern) for pattern in wanted)
