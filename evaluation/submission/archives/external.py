"""Unpack a 7z or rar archive with a program on this machine, which writes no files itself.

The program runs with limits on memory, processor time and output, and cannot write files if there is a POSIX shell.
bsdtar converts the archive to a tar archive on its standard output; 7z lists the entries and then writes their
contents one after the other. The output is as untrusted as the archive itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common import process
from evaluation.errors import CannotOpenHere, NoSubmission
from evaluation.quotas import MIB, Limits
from evaluation.submission.archives.byte_source import ByteSource
from evaluation.submission.archives.kinds import RAR, TAR
from evaluation.submission.archives.target import Target, is_left_out, parts_of
from evaluation.submission.archives.tools import MISSING_HINT, Tools
from evaluation.submission.archives.untar import untar
from evaluation.submission.copying import CHUNK

_LARGEST_LIST = 16 * MIB
_LIMITED = 'ulimit -v "$1"; ulimit -t "$2"; ulimit -f 0; ulimit -c 0; LC_ALL=C.UTF-8; export LC_ALL; shift 2; exec "$@"'


def unpack_with_tool(
    path: Path, kind: str, target: Target, limits: Limits, tools: Tools, *, name: str, out: Path
) -> None:
    """Unpack an archive with the first suitable program on this machine.

    Args:
        path: the absolute path of the archive.
        kind: 7z or rar.
        target: the target of the unpacked files.
        limits: limits on the size of a submission.
        tools: the programs on this machine.
        name: the name of the archive in messages.
        out: a temporary file for the output of the program; removed afterwards.

    Raises:
        CannotOpenHere: this machine has no program that opens the archive.
        NoSubmission: the archive is damaged, encrypted or too large, or a path leads out of the target.
    """
    if path.stat().st_size > limits.total_size:
        raise NoSubmission(f"{name} is larger than {limits.total_size // MIB} MB")
    program = _Program(path, limits, name, out)
    try:
        if tools.bsdtar and _as_tar(program, tools):
            untar(program.out, TAR, target, limits, name=name)
        elif tools.seven_zip:
            _split(program, tools.seven_zip, kind, target)
        else:
            raise CannotOpenHere(
                f"{name} is a {kind} archive, and this machine has no program that opens it",
                hint=MISSING_HINT,
            )
    finally:
        program.out.unlink(missing_ok=True)


def _as_tar(program: _Program, tools: Tools) -> bool:
    """Convert the archive to a tar archive; return False if that fails and there is another program to try."""
    try:
        program.run([tools.bsdtar, "-c", "-f", "-", "--format=pax", f"@{program.path}"])
    except NoSubmission:
        if not tools.seven_zip:
            raise
        return False
    return True


class _Program:
    """Runs programs that read an archive, within limits.

    Args:
        path: the archive.
        limits: limits on the resources and output of the programs.
        name: the name of the archive in messages.

    Attributes:
        out: the file with the output of the last program.
    """

    def __init__(self, path: Path, limits: Limits, name: str, out: Path) -> None:
        self.path = path
        self.limits = limits
        self.name = name
        self.out = out

    def run(self, command: Sequence[str], limit: int = 0) -> None:
        """Run a program and keep its output.

        Args:
            command: the program and its arguments.
            limit: the maximum size of the output in bytes; 0 for that of a submission.

        Raises:
            NoSubmission: the program failed, or wrote too much.
        """
        limit = limit or self.limits.total_size
        ended = process.write_file(
            _limited(command, self.limits), self.out, limit=limit, timeout=self.limits.intake_seconds / 2
        )
        if ended is None:
            raise NoSubmission(f"{self.name} unpacks to more than {limit // MIB} MB")
        if ended.ok:
            return
        lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
        reason = lines[0] if lines else f"{Path(command[0]).name} exited with status {ended.status}"
        raise NoSubmission(
            f"{self.name} cannot be unpacked: it is damaged, encrypted or has an unsupported version: "
            + reason.replace(str(self.path), self.name)[:300],
            hint="Submit a folder or a .zip file without a password.",
        )


def _limited(command: Sequence[str], limits: Limits) -> list[str]:
    if process.WINDOWS or shutil.which("sh") is None:
        return list(command)
    kilobytes, seconds = limits.read_memory // 1024, limits.intake_cpu // 2
    return ["sh", "-c", _LIMITED, "sh", str(kilobytes), str(seconds), *command]


@dataclass(frozen=True)
class _Listed:
    """An entry in the listing of 7z."""

    name: str
    size: int
    attributes: str


def _split(program: _Program, seven_zip: str, kind: str, target: Target) -> None:
    """Split the output of 7z, the concatenated contents, into files according to its listing."""
    file = str(program.path)
    try:
        program.run([seven_zip, "l", "-slt", "-ba", "-p", "-sccUTF-8", "--", file], _LARGEST_LIST)
    except NoSubmission as error:
        if kind == RAR:  # many builds of 7z do not support it
            raise CannotOpenHere(error.message, hint=MISSING_HINT) from error
        raise
    entries = list(_listed(program.out.read_text("utf-8", "surrogateescape")))
    if len(entries) > program.limits.files:
        raise NoSubmission(
            f"{program.name} has {len(entries):,} entries; {program.limits.files:,} are allowed"
        )
    program.run([seven_zip, "x", "-so", "-p", "-mmt=1", "--", file])
    stated, written = sum(entry.size for entry in entries), program.out.stat().st_size
    if stated != written:
        raise NoSubmission(f"{program.name} is damaged: expected {stated:,} bytes, got {written:,}")
    with program.out.open("rb") as contents:
        source = ByteSource(iter(lambda: contents.read(CHUNK), b""))
        for entry in entries:
            _write(entry, source.chunks(entry.size), target)


def _listed(text: str) -> Iterator[_Listed]:
    """Yield the entries of a listing: paragraphs of ``KEY = VALUE`` lines."""
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        values = dict(line.partition(" = ")[::2] for line in paragraph.strip().split("\n"))
        if "Path" in values:
            size = values.get("Size", "")
            yield _Listed(values["Path"], int(size) if size.isdigit() else 0, values.get("Attributes", ""))


def _write(entry: _Listed, content: Iterator[bytes], target: Target) -> None:
    """Write one entry; its content is always read to the end."""
    parts = parts_of(entry.name)
    kind, _, mode = entry.attributes.partition(" ")
    if not is_left_out(parts):
        if kind.startswith("D") or mode.startswith("d"):
            target.make_folder(parts)
        elif mode.startswith("l"):
            target.link(parts, next(content, b"")[:4096].decode("utf-8", "replace"))
        elif mode[:1] in ("", "-"):
            target.file(parts, content, 0o755 if "x" in mode else 0o644)
        else:
            target.remark("special", parts, "is not a regular file, a folder or a link")
    for _ in content:
        pass
