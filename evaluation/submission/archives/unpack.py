"""Unpack an archive of any kind."""

from __future__ import annotations

from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.archives.external import unpack_with_tool
from evaluation.submission.archives.kinds import BZIP2, GZIP, RAR, SEVEN_ZIP, TAR, XZ, kind_of, suffix_of
from evaluation.submission.archives.target import Target
from evaluation.submission.archives.tools import Tools
from evaluation.submission.archives.untar import untar
from evaluation.submission.archives.unzip import unzip

_KNOWN = "zip, tar, tar.gz, tar.bz2, tar.xz, 7z and rar"


def unpack(path: Path, target: Target, limits: Limits, tools: Tools, out: Path) -> None:
    """Unpack an archive of any kind, which is recognized by its first bytes rather than its name.

    Args:
        path: the archive.
        target: the target of the unpacked files.
        limits: limits on the size of a submission.
        tools: the programs on this machine for 7z and rar.
        out: a temporary file for the output of such a program; removed afterwards.

    Raises:
        CannotOpenHere: this machine has no program that opens the archive.
        NoSubmission: the file is not an archive, damaged, encrypted or too large, or a path leads out of the target.
    """
    kind = kind_of(path)
    suffix = suffix_of(path.name).casefold()
    if kind in (SEVEN_ZIP, RAR):
        unpack_with_tool(path.resolve(), kind, target, limits, tools, name=path.name, out=out)
    elif kind in (TAR, GZIP, BZIP2, XZ) or (not kind and suffix.endswith(".tar")):
        untar(path, kind, target, limits)
    elif kind or suffix == ".zip":
        unzip(path, target, limits)
    elif suffix:
        raise NoSubmission(f"{path.name} is damaged or not the kind of archive that its extension indicates")
    else:
        raise NoSubmission(
            f"{path.name} is not a supported archive ({_KNOWN})",
            hint="Submit a folder or a .zip file.",
        )
