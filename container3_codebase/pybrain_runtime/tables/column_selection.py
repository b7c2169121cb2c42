"""Which columns of a table are inputs and targets, and how they were selected."""

from __future__ import annotations

from collections.abc import Sequence

from pybrain_runtime.io.printable import shortened
from pybrain_runtime.io.record import Record

BY_CHOICE, BY_CARD, BY_POSITION = "choice", "card", "position"
_LISTED = 8


class ColumnSelection(Record, eq=True):
    """Positions of the selected columns in a row of the file, counted from 0.

    Attributes:
        width: number of columns in the file.
        inputs: positions of the inputs, in the order of the network.
        targets: positions of the expected outputs; empty if there are none.
        by: how they were selected: ``choice`` (names were given), ``card`` (names of the model card) or ``position``.
        header: names of all columns; empty if the file has none.
        card_ignored: whether the comparison of the card's names with those of the file was skipped.
        remark: a note about the first row; usually empty.
        keep: positions of the columns that are passed through as text.
        label: position of the column with the expected class as text; None if there is none.
    """

    width: int
    inputs: tuple[int, ...]
    targets: tuple[int, ...]
    by: str = BY_POSITION
    header: tuple[str, ...] = ()
    card_ignored: bool = False
    remark: str = ""
    keep: tuple[int, ...] = ()
    label: int | None = None

    @property
    def texts(self) -> tuple[int, ...]:
        """Positions of the text columns: that of the class, then those that are passed through."""
        return (*(() if self.label is None else (self.label,)), *self.keep)

    @property
    def chosen(self) -> bool:
        """Whether the columns were selected by name."""
        return self.by != BY_POSITION

    @property
    def unused(self) -> tuple[int, ...]:
        """Positions of the columns that are neither inputs nor expected outputs."""
        used = {*self.inputs, *self.targets, *self.texts}
        return tuple(place for place in range(self.width) if place not in used)

    def summary(self) -> str:
        """Return one line: which columns are inputs, which are expected values, and why."""
        how = {BY_CHOICE: "chosen by name", BY_CARD: "by the names of the card", BY_POSITION: "by position"}[
            self.by
        ]
        if not self.header:
            how = "no header, by position"
        if self.card_ignored:
            how += ", the names of the card are ignored"
        parts = [f"inputs: {self._listed(self.inputs)} ({how})"]
        if self.label is None:
            parts.append(f"expected values: {self._listed(self.targets) or 'none'}")
        else:
            parts.append(f"expected class: {self._listed((self.label,))}")
        if self.keep:
            parts.append(f"passed through: {self._listed(self.keep)}")
        if self.unused:
            parts.append(f"not used: {self._listed(self.unused)}")
        if self.remark:
            parts.append(self.remark)
        return "; ".join(parts)

    def as_report(self) -> dict[str, object]:
        """Return the selection for the JSON report. A column without a name is its number, counted from 1."""
        return {
            "by": self.by,
            "inputs": [self._label(place) for place in self.inputs],
            "expected": [self._label(place) for place in self.targets],
            "not_used": [self._label(place) for place in self.unused],
            "card_names_ignored": self.card_ignored,
            **({} if self.label is None else {"expected_class": self._label(self.label)}),
            **({"kept": [self._label(place) for place in self.keep]} if self.keep else {}),
        }

    def _label(self, place: int) -> str | int:
        return (self.header[place] if self.header else "") or place + 1

    def _listed(self, places: Sequence[int]) -> str:
        if not self.header and len(places) > 1 and places[-1] - places[0] == len(places) - 1:
            return f"columns {places[0] + 1} to {places[-1] + 1}"
        labels = [
            f"column {label}" if isinstance(label, int) else shortened(label)
            for label in map(self._label, places[:_LISTED])
        ]
        more = f" and {len(places) - _LISTED:,} more" if len(places) > _LISTED else ""
        return ", ".join(labels) + more
