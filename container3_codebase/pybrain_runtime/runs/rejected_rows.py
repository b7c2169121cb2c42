"""The file with the rejected rows and the reasons, beside the prediction."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from pybrain_runtime.io.output_paths import check_replaceable
from pybrain_runtime.io.paths import remove_if_there, split_ending, without_gz
from pybrain_runtime.runs.partial_output import PartialOutput
from pybrain_runtime.tables.batch import RejectedRow

HEADER = ("line", "reason", "row")
_BEGINNING = (",".join(HEADER) + "\n").encode()


def rejected_rows_path(output: str) -> str:
    """Return the path of the rejected rows of a prediction: ``prediction.rejected.csv``."""
    return split_ending(without_gz(output))[0] + ".rejected.csv"


class RejectedRowsFile:
    """A CSV file with line number, reason and text of each rejected row.

    Attributes:
        path: the final path.
        file: the file under construction.

    Args:
        output: the prediction.
        keep: whether the file is kept when the run is interrupted.
    """

    def __init__(self, output: str, *, keep: bool) -> None:
        self.path = rejected_rows_path(output)
        self.file = PartialOutput(self.path, keep=keep)

    def write(self, rows: Iterable[RejectedRow]) -> None:
        """Append rows."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self.file.bytes_written:
            writer.writerow(HEADER)
        for row in rows:
            writer.writerow((row.line, row.reason, row.text))
        self.file.write(text.getvalue().encode("utf-8", "backslashreplace"))

    @property
    def used_path(self) -> str:
        """The final path; empty if no row was rejected, so that no file is written."""
        return self.path if self.file.bytes_written else ""

    def remove_old(self) -> None:
        """Remove the file of an earlier run if no row was rejected in this one."""
        if not self.used_path:
            self.file.discard_partial()
            check_rejected_rows_target(self.path)
            remove_if_there(self.path)


def check_rejected_rows_target(path: str) -> None:
    """Check that the path is a file with rejected rows of an earlier run, or does not exist.

    Raises:
        CannotWrite: the path is taken by another file.
    """
    check_replaceable(path, _BEGINNING, "rejected rows")
