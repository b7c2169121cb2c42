"""The parts of an Excel workbook: a zip archive of XML, opened within limits."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from pybrain_runtime.errors import ActivationError

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE, _ZIP64_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
_LARGEST_DIRECTORY, _BLOCK = 1 << 20, 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class XlsxArchive:
    """Decompresses parts of a workbook block by block.

    Args:
        content: the whole file.
        name: its name, for messages.

    Raises:
        ActivationError: the file is not a workbook, or is damaged.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        self._check_directory(content)
        try:
            self._zip = zipfile.ZipFile(BytesIO(content))
        except (zipfile.BadZipFile, ValueError, OSError) as error:
            raise self.damaged(error) from None
        if "xl/workbook.xml" not in self._zip.namelist():
            raise ActivationError(
                f"{name} is a zip archive, not an Excel workbook.",
                hint="Extract the file with the rows and pass that instead.",
            )

    def has(self, part: str) -> bool:
        """Return whether the workbook has a part."""
        return part in self._zip.NameToInfo

    def blocks(self, part: str, limit: int) -> Iterator[bytes]:
        """Yield the content of a part, decompressed.

        Args:
            part: its path in the archive.
            limit: maximum number of bytes, decompressed.

        Raises:
            ActivationError: the part is missing, damaged, encrypted, or larger than the limit.
        """
        size = 0
        try:
            entry = self._zip.getinfo(part)
            if entry.flag_bits & 1 or entry.compress_type not in _METHODS:
                raise ActivationError(
                    f"{self._name} is encrypted, or compressed in a way that Excel does not use.",
                    hint="Save it again.",
                )
            with self._zip.open(entry) as file:
                while block := file.read(_BLOCK):
                    size += len(block)
                    if size > limit:
                        raise ActivationError(
                            f"{self._name} exceeds the limit of {limit:,} bytes for {part}, decompressed.",
                            hint="Save the table as CSV in UTF-8.",
                        )
                    yield block
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise self.damaged(error) from None

    def damaged(self, error: Exception) -> ActivationError:
        """Return the error for a workbook that cannot be read.

        Args:
            error: the exception that was raised.
        """
        return ActivationError(
            f"{self._name} is a damaged Excel workbook: {str(error)[:200].rstrip('.')}.",
            hint="Copy it again, or save the table as CSV in UTF-8.",
        )

    def _check_directory(self, content: bytes) -> None:
        """Check, before reading it, that the list of parts is short: each entry takes half a kilobyte of memory."""
        end = content[-_END.size :]
        if len(end) < _END.size or not end.startswith(_END_SIGNATURE):
            raise self.damaged(ValueError("its end is missing"))
        size = _END.unpack(end)[5]
        if size > _LARGEST_DIRECTORY or content[-_END.size - 20 :].startswith(_ZIP64_SIGNATURE):
            raise self.damaged(ValueError("its list of parts is too long"))
