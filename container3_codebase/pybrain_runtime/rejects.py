"""Rows that were left out, kept beside the prediction with the reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from .partfile import PartFile, remove_if_there
from .paths import split_ending
from .rows import Rejected

HEAD = ("line", "reason", "row")


def rejects_path(output: str) -> str:
    """Returns where the rejected rows of a prediction are kept: ``prediction.rejected.csv``."""
    return split_ending(output)[0] + ".rejected.csv"


class RejectsFile:
    """A CSV file with the line, the reason and the row, as it stands in the activation.

    Args:
        output: the prediction that it lies beside.
        keep: whether it stays when the run breaks off.
    """

    def __init__(self, output: str, *, keep: bool) -> None:
        self.path = rejects_path(output)
        self.file = PartFile(self.path, keep=keep)

    def write(self, rows: Iterable[Rejected]) -> None:
        """Appends rows."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self.file.bytes_written:
            writer.writerow(HEAD)
        for row in rows:
            writer.writerow((row.line, row.reason, row.text))
        self.file.write(text.getvalue().encode("utf-8", "backslashreplace"))

    def finish(self) -> str:
        """Puts the file in its place; returns its name, or nothing where there was nothing to keep."""
        if not self.file.bytes_written:
            self.file.drop()
            remove_if_there(self.path)
            return ""
        self.file.finish()
        self.file.place()
        return self.path
