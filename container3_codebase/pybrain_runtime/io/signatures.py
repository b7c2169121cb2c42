"""The first bytes of file formats: formats are detected from the content, not from the file name."""

from __future__ import annotations

GZIP = b"\x1f\x8b"
BZIP2 = b"BZh"
ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
UTF8_BOM = b"\xef\xbb\xbf"
ARROW_STREAM = b"\xff\xff\xff\xff"
