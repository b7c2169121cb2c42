"""The first bytes of file formats, by which content is recognized whatever its name."""

from __future__ import annotations

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
UTF8_BOM = b"\xef\xbb\xbf"
