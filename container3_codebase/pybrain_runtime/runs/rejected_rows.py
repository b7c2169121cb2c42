"""Rows that were left out, kept beside the prediction with the reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from pybrain_runtime._io.output_paths import check_replaceable
from pybrain_runtime._io.paths import remove_if_there, split_ending
from pybrain_runtime.runs.partial_output import PartialOutput
from pybrain_runtime.tables.batch import RejectedRow

HEAD = ("line", "reason", "row")
_BEGINNING = (",".join(HEAD) + "\n").encode()


def rejected_rows_path(output: str) -> str:
    """Returns where the rejected rows of a prediction are kept: ``prediction.rejected.csv``."""
    return split_ending(output)[0] + ".rejected.csv"


class RejectedRowsFile:
    """A CSV file with the line, the reason and the row, as it stands in the activation.

    Args:
        output: the prediction that it lies beside.
        keep: whether it stays when the run breaks off.
    """

    def __init__(self, output: str, *, keep: bool) -> None:
        self.path = rejected_rows_path(output)
        self.file = PartialOutput(self.path, keep=keep)

    def write(self, rows: Iterable[RejectedRow]) -> None:
        """Appends rows."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self.file.bytes_written:
            writer.writerow(HEAD)
        for row in rows:
            writer.writerow((row.line, row.reason, row.text))
        self.file.write(text.getvalue().encode("utf-8", "backslashreplace"))

    @property
    def kept(self) -> str:
        """The name of the file; empty where no row was left out, so that there is nothing to keep."""
        return self.path if self.file.bytes_written else ""

    def remove_old(self) -> None:
        """Where nothing was left out, takes away what an earlier run has kept."""
        if not self.kept:
            self.file.discard_partial()
            check_rejected_rows_target(self.path)
            remove_if_there(self.path)


def check_rejected_rows_target(path: str) -> None:
    """Raises CannotWrite where rejected rows would replace something that no run has kept."""
    check_replaceable(path, _BEGINNING, "rejected rows")
