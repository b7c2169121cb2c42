"""The limit on open connections of a process."""

from __future__ import annotations

_OTHER_FILES = 128


def possible_connections(wanted: int) -> int:
    """Raise this process's limit on open files as needed, and return the number of connections that it allows.

    Args:
        wanted: the desired number of connections.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    needed = wanted + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _OTHER_FILES))
