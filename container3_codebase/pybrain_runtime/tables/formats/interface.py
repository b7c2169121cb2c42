"""The parts of a row format: a reader, a writer, and the facts by which it is selected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pybrain_runtime.io.record import Protocol, Record

if TYPE_CHECKING:  # a format is described without loading NumPy
    from pybrain_runtime.io.atomic_file import AtomicFile
    from pybrain_runtime.tables.batch import RowBatch
    from pybrain_runtime.tables.column_selection import ColumnSelection
    from pybrain_runtime.tables.text_column import Part


class TableContent(Protocol):
    """The content of a file that is text, decompressed.

    Attributes:
        name: the file's name, for messages.
    """

    name: str

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in blocks. Call it only once."""


class Chunk(Protocol):
    """A part of a file, not yet parsed.

    Attributes:
        end: position in the file at which the chunk ends, in a unit of the reader; it only grows.
    """

    end: int


class RowReader(Protocol):
    """Reads the rows of a file, chunk by chunk.

    Attributes:
        header: names of the columns; empty if the file has none.
        columns: the selected columns.
        total: length of the file in the unit of ``Chunk.end``; 0 if it is unknown before the end.
        fast: whether pyarrow is used.
    """

    header: tuple[str, ...]
    columns: ColumnSelection
    total: int
    fast: bool

    def chunks(self) -> Iterator[Chunk]:
        """Yield the file in chunks, once. Their boundaries depend on the content of the file alone."""

    def parse(self, chunk: Any) -> RowBatch:
        """Return the rows of a chunk. Safe to call from several threads.

        Raises:
            ActivationError: a row is invalid, unless invalid rows are skipped.
        """


class RowWriter(Protocol):
    """Encodes the rows of a file."""

    def head(self) -> bytes:
        """Return the bytes that the file begins with."""

    def encode(self, columns: Sequence[Part]) -> bytes | memoryview:
        """Return the bytes of some rows. Safe to call from several threads.

        Args:
            columns: float64 arrays of shape (n, some columns) and text columns, in the order of the file.
        """

    def finalize(self, file: AtomicFile) -> AtomicFile:
        """Convert the file to its final form, if that is not the encoded rows.

        Args:
            file: the finished file with the head and all encoded rows.

        Returns:
            The finished file to commit: ``file`` itself, or another one for the same path.
        """


class RowFormat(Record):
    """A format that rows are read from and written to.

    Attributes:
        name: short name: ``csv``, ``jsonl``, ``parquet``, ``arrow``.
        title: name for messages.
        suffixes: file extensions that select the format for output, in lower case.
        matches: returns whether the first bytes of a file, decompressed, are of this format.
        open_reader: creates a reader, from a ``TableFile``, a ``ColumnSelector``, and the keywords ``skip`` (reject
            invalid rows instead of raising) and ``fast`` (use pyarrow).
        open_writer: creates a writer, from the column names, the positions of the text columns, and the keywords
            ``fast`` and ``decimal_comma``; None if the format can only be read.
        variants: titles of other formats that the reader accepts, but the writer does not write.
        media_types: HTTP content types under which a server accepts and returns tables of this format.
        row_word: the word for a row in messages, ``line`` or ``row``.
        streamable: whether a file can be read from front to back: from standard input, or compressed with gzip.
        needs_pyarrow: whether the format cannot be read or written without pyarrow.
        decimal_commas: whether numbers can be written with a decimal comma.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    open_reader: Callable[..., RowReader]
    open_writer: Callable[..., RowWriter] | None
    variants: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    row_word: str = "line"
    streamable: bool = True
    needs_pyarrow: bool = False
    decimal_commas: bool = False

    @property
    def what(self) -> str:
        """A description of a file of this format, for messages: ``a Parquet file``, ``an Arrow stream``."""
        article = "an" if self.title[0] in "AEIOU" else "a"
        return f"{article} {self.title}" + ("" if self.title.endswith("stream") else " file")
