"""Which columns of a table are the inputs of a network, and which hold the expected outputs."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import ActivationError
from .knowledge import Knowledge
from .record import Record
from .table import plural, visible


class Columns(Record, eq=True):
    """Places of columns in a row of the file, counted from 0.

    Attributes:
        width: columns of the file.
        inputs: where the inputs are, in the order of the network.
        targets: where the expected outputs are; empty where there are none.
        chosen: whether they were chosen by name.
    """

    width: int
    inputs: tuple[int, ...]
    targets: tuple[int, ...]
    chosen: bool = False


class ColumnChoice:
    """The names that a user has given, and the file and network they are for.

    Args:
        file: the file's name, for messages.
        knowledge: the network.
        inputs: names of the columns that go in; None for the usual ones.
        targets: names of the columns that are compared; None for the usual ones.
    """

    def __init__(
        self,
        file: str,
        knowledge: Knowledge,
        inputs: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
    ) -> None:
        self.file = file
        self.knowledge = knowledge
        self.inputs = inputs
        self.targets = targets

    def of(self, width: int, header: tuple[str, ...], line: int) -> Columns:
        """Decides for a file whose first row has ``width`` cells; ``header`` is empty where it has none.

        Raises:
            ActivationError: the columns do not fit the network; the message says what would.
        """
        if self.inputs is not None or self.targets is not None:
            return self._by_name(header)
        indim, outdim = self.knowledge.indim, self.knowledge.outdim
        if width not in (indim, indim + outdim):
            raise self._unfit(width, header, line)
        columns = Columns(width, tuple(range(indim)), tuple(range(indim, width)))
        self._check_order(header)
        return columns

    def unlike(self, found: int, columns: Columns, line: int) -> ActivationError:
        """Returns the error for a later row of another width."""
        if columns.chosen or columns.targets:
            text = f"{self.file} line {line} has {plural(found, 'column')}; "
            text += f"the lines before it have {columns.width}."
            return ActivationError(text, hint="Every line must have as many cells.", line=line, found=found)
        return self._unfit(found, (), line)

    def _unfit(self, width: int, header: tuple[str, ...], line: int) -> ActivationError:
        indim, outdim = self.knowledge.indim, self.knowledge.outdim
        known = [name for name in self._card_names() if name in header]
        hint = "Run prepare_files.py with matching data, or choose columns by name with INPUT_COLUMNS."
        if len(known) == indim:
            hint = f"Set INPUT_COLUMNS={','.join(known)} to take the columns that the card names."
        return ActivationError(
            f"{self.file} line {line} has {plural(width, 'column')}; the network in {self.knowledge.name} "
            f"takes {indim}. (With the expected outputs after the inputs it would be {indim + outdim}.)",
            hint=hint,
            line=line,
            found=width,
            expected=(indim, indim + outdim),
        )

    def _card_names(self) -> list[str]:
        card = self.knowledge.card
        return [column.name for column in card.inputs if column.name] if card else []

    def _check_order(self, header: tuple[str, ...]) -> None:
        named, given = self._card_names(), list(header[: self.knowledge.indim])
        if named != given and sorted(named) == sorted(given):
            raise ActivationError(
                f"{self.file} has the inputs in another order ({', '.join(given)}) than the card of "
                f"{self.knowledge.name} ({', '.join(named)}).",
                hint=f"Set INPUT_COLUMNS={','.join(named)} to take them by name.",
            )

    def _by_name(self, header: tuple[str, ...]) -> Columns:
        if not header:
            raise ActivationError(
                f"{self.file} has no header, so that columns cannot be chosen by name.",
                hint="Add a first line with the names, or unset INPUT_COLUMNS and TARGET_COLUMNS.",
            )
        targets = self._places(self.targets or (), header, "TARGET_COLUMNS")
        if self.inputs is None:
            inputs = tuple(place for place in range(len(header)) if place not in targets)
        else:
            inputs = self._places(self.inputs, header, "INPUT_COLUMNS")
        self._check_count("INPUT_COLUMNS", len(inputs), self.knowledge.indim, "inputs")
        if self.targets is not None:
            self._check_count("TARGET_COLUMNS", len(targets), self.knowledge.outdim, "outputs")
        return Columns(len(header), inputs, targets, chosen=True)

    def _places(self, names: Sequence[str], header: tuple[str, ...], setting: str) -> tuple[int, ...]:
        for name in names:
            if header.count(name) != 1 or list(names).count(name) != 1:
                what = "there is no such column" if name not in header else "the name is there more than once"
                raise ActivationError(
                    f"{setting} names {visible(name)}, but in {self.file} {what}. "
                    f"The columns are: {', '.join(header)}.",
                    columns=header,
                )
        return tuple(header.index(name) for name in names)

    def _check_count(self, setting: str, found: int, expected: int, what: str) -> None:
        if found != expected:
            raise ActivationError(
                f"{setting} gives {plural(found, 'column')} of {self.file}; the network in "
                f"{self.knowledge.name} has {expected} {what}.",
                found=found,
                expected=expected,
            )
