"""The kinds of archives, recognized by their first bytes rather than their names."""

from __future__ import annotations

from pathlib import Path

ZIP, TAR, GZIP, BZIP2, XZ, SEVEN_ZIP, RAR = "zip", "tar", "gz", "bz2", "xz", "7z", "rar"
SUFFIXES = (
    *(".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".tbz", ".txz"),
    *(".zip", ".tar", ".7z", ".rar"),
)
_FIRST_BYTES = {
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    b"PK\x07\x08": ZIP,
    b"\x1f\x8b": GZIP,
    b"BZh": BZIP2,
    b"\xfd7zXZ\x00": XZ,
    b"7z\xbc\xaf\x27\x1c": SEVEN_ZIP,
    b"Rar!\x1a\x07": RAR,
}
_TAR_MAGIC = slice(257, 262)


def suffix_of(name: str) -> str:
    """Return the archive extension of a name, as it is written; empty if it has none."""
    lower = name.casefold()
    length = next((len(suffix) for suffix in SUFFIXES if lower.endswith(suffix) and lower != suffix), 0)
    return name[len(name) - length :]


def stem_of(name: str) -> str:
    """Return the name of an archive without its extension."""
    return name[: len(name) - len(suffix_of(name))]


def kind_of(path: Path) -> str:
    """Return the kind of an archive; empty if its first bytes are not those of a supported archive.

    Args:
        path: a regular file.
    """
    with path.open("rb") as file:
        head = file.read(512)
    for first, kind in _FIRST_BYTES.items():
        if head.startswith(first):
            return kind
    return TAR if head[_TAR_MAGIC] == b"ustar" else ""
