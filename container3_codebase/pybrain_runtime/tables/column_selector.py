"""Selects the columns of a table that are the inputs of a network, and those that hold the expected outputs.

The rules are the same for all row formats:

- Columns chosen by name are taken in the order of the choice. A name on the model card must be at the position that
  the card gives it.
- Else, if the card names all inputs and the header has these names in the card's order, the inputs are taken by
  name, whatever other columns there are. The expected outputs are the columns with the names of the card's outputs,
  if all are present.
- Else columns are taken by position: the inputs, or the inputs followed by the expected outputs.
- A header with other names than the card, only some of them, or all of them in a different order is an error, unless
  the names of the card are ignored.
- If two columns have the same name, it is an error to use one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import enumeration, plural, quoted
from pybrain_runtime.tables.column_errors import (
    AmbiguousHeader,
    ChosenOrderError,
    ColumnCountError,
    ColumnOrderError,
    ColumnsError,
    IncompleteOutputs,
    MissingColumns,
    MissingHeader,
    OtherColumnNames,
    OutputAsInput,
    UnnamedIndex,
)
from pybrain_runtime.tables.column_selection import BY_CARD, BY_CHOICE, ColumnSelection
from pybrain_runtime.tables.name_matching import normalized, similar_name
from pybrain_runtime.tables.schema import TableSchema

LEAST_COLUMN_LIMIT = 1 << 14
_LISTED = 8


class ColumnSelector:
    """Selects columns of a file for a network.

    Args:
        file: the file's name, for messages.
        schema: the columns that the network expects.
        inputs: names of the input columns; None to select them by the card's names or by position.
        targets: names of the columns with expected outputs; None to select them by the card's names or by position.
        ignore_card_names: whether to ignore the names of the model card.
        keep: names of columns that are passed through as text.
        compare_classes: whether a column with the class of each row as text is compared.
    """

    def __init__(
        self,
        file: str,
        schema: TableSchema,
        inputs: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        *,
        ignore_card_names: bool = False,
        keep: Sequence[str] = (),
        compare_classes: bool = False,
    ) -> None:
        self.file = file
        self.schema = schema
        self.inputs = inputs
        self.targets = targets
        self._keep = keep
        given = {"inputs": inputs is not None, "targets": targets is not None, "keep": bool(keep)}
        self._chosen = tuple(role for role, is_given in given.items() if is_given)
        self._label = ""
        if compare_classes and schema.classes:
            named = targets[0] if targets is not None and len(targets) == 1 else ""
            if targets is None:
                self._label = schema.class_column
            elif named and (schema.outdim > 1 or named == schema.class_column):
                self._label, self.targets = named, None
        self._label_is_named = self._label != "" and targets is not None
        self._card_inputs = () if ignore_card_names else schema.input_names
        self._card_outputs = () if ignore_card_names else schema.output_names
        self._ignored = ignore_card_names and schema.has_card
        self._all_named = bool(self._card_inputs) and all(self._card_inputs)

    @property
    def limit(self) -> int:
        """Maximum number of columns in a file: many more than the network could use."""
        return max(LEAST_COLUMN_LIMIT, 2 * (self.schema.indim + self.schema.outdim))

    def names_header(self, cells: Sequence[str]) -> bool:
        """Return whether a first row with text is a header, because it has a chosen name or one on the card."""
        known = {*self._given, *filter(None, self._card_inputs)}
        return not known.isdisjoint(cells)

    def needs_header(self, cells: Sequence[str]) -> bool:
        """Return whether a first row is the header regardless of its form, because it has all chosen names."""
        given = self._given
        return bool(given) and given.issubset(cells)

    @property
    def _given(self) -> set[str]:
        """The names that were chosen."""
        named = (self._label,) if self._label_is_named else ()
        return {*(self.inputs or ()), *(self.targets or ()), *self._keep, *named}

    def check_ambiguous(self, cells: Sequence[str], line: int) -> None:
        """Check that a first row of numbers does not equal the input names on the card.

        Args:
            cells: the first row.
            line: the number of its line.

        Raises:
            ActivationError: the row equals the names, so that it may be a header or a row.
        """
        if self.inputs is None and self._all_named and set(self._card_inputs).issubset(cells):
            raise AmbiguousHeader(
                f"{self.file} line {line} holds numbers that are also the names of the inputs on the card of "
                f"{self.schema.network} ({enumeration(self._card_inputs)}); it may be a header or a row.",
                line=line,
                expected=tuple(self._card_inputs),
            )

    def select(self, width: int, header: tuple[str, ...], line: int) -> ColumnSelection:
        """Return the selected columns.

        Args:
            width: number of cells in the first row.
            header: names of the columns; empty if the file has none.
            line: number of the first row, for messages.

        Raises:
            ActivationError: the columns do not fit the network; the message says what would fit.
        """
        self.check_width(width, line)
        keep, label = self._text_columns(header)
        if keep or label is not None:
            columns = self._beside_texts(header, line, keep, label)
        elif self.inputs is not None or self.targets is not None:
            columns = self._by_choice(header, line)
        elif self._all_named and not set(self._card_inputs).isdisjoint(header):
            columns = self._by_card(header, line)
        else:
            columns = self._by_position(width, header, line)
        self._check_repeated(header, (*columns.inputs, *columns.targets, *columns.texts))
        return columns

    # With text columns.

    def _text_columns(self, header: tuple[str, ...]) -> tuple[tuple[int, ...], int | None]:
        """Return the positions of the columns that are passed through, and of the one with the class."""
        if (self._keep or self._label_is_named) and not header:
            raise self._missing_header()
        keep = self._places(self._keep, header, (), "column to keep") if self._keep else ()
        if self._label_is_named:
            return keep, self._places((self._label,), header, (), "class")[0]
        return keep, header.index(self._label) if self._label and self._label in header else None

    def _missing_header(self) -> MissingHeader:
        return MissingHeader(
            f"{self.file} has no header, so that columns cannot be chosen by name.",
            hint="Add a first line with the names.",
            chosen=self._chosen,
        )

    def _beside_texts(
        self, header: tuple[str, ...], line: int, keep: tuple[int, ...], label: int | None
    ) -> ColumnSelection:
        """Return the selected columns of a table in which some columns are not numbers."""
        names_all = self._all_named and set(self._card_inputs).issubset(header)
        if self.inputs is not None or self.targets is not None:
            columns = self._by_choice(header, line)
        elif names_all:
            columns = self._by_card(header, line)
        else:
            texts = {*keep, label}
            rest = [place for place in range(len(header)) if place not in texts]
            inner = self._by_position(len(rest), tuple(header[place] for place in rest), line)
            columns = inner.replace(
                width=len(header),
                inputs=tuple(rest[place] for place in inner.inputs),
                targets=tuple(rest[place] for place in inner.targets),
                header=header,
            )
        if columns.targets:  # numbers are expected for each output
            label = None
        return columns.replace(keep=keep, label=label)

    def check_width(self, width: int, line: int) -> None:
        """Check that a row does not have far more cells than the network could use.

        Args:
            width: number of cells in the row.
            line: its number, for messages.

        Raises:
            ActivationError: the row has too many cells.
        """
        if width > self.limit:
            raise ActivationError(
                f"{self.file} line {line} has {width:,} columns; the limit for the network in {self.schema.network} is "
                f"{self.limit:,}, because it takes {self.schema.indim:,}.",
                hint="Check that this is the right file.",
                line=line,
            )

    def check_distinct(self, header: Sequence[str]) -> None:
        """Check that no two columns have the same name, whether they are used or not.

        Raises:
            ActivationError: two columns have the same name.
        """
        self._check_repeated(header, range(len(header)), blank=True)

    def width_error(self, found: int, columns: ColumnSelection, line: int) -> ActivationError:
        """Return the error for a later row with a different number of cells.

        Args:
            found: number of cells in the row.
            columns: the selected columns.
            line: number of the row.
        """
        if columns.by == BY_CHOICE or columns.width != self.schema.indim:
            text = f"{self.file} line {line} has {plural(found, 'column')}; "
            text += f"the lines before it have {columns.width}."
            return ActivationError(text, hint="Every line must have the same number of cells.", line=line)
        return self._wrong_width(found, line)

    # By position.

    def _by_position(self, width: int, header: tuple[str, ...], line: int) -> ColumnSelection:
        indim, outdim = self.schema.indim, self.schema.outdim
        if width not in (indim, indim + outdim):
            raise self._wrong_width(width, line)
        if header:
            self._check_index(header)
            self._check_names(header[:indim])
            self._check_no_outputs(header[:indim])
            self._check_order(header[indim:], self._card_outputs, "expected outputs", self.file)
        return ColumnSelection(
            width,
            tuple(range(indim)),
            tuple(range(indim, width)),
            header=header,
            card_ignored=self._ignored,
        )

    def _wrong_width(self, width: int, line: int) -> ActivationError:
        indim, outdim = self.schema.indim, self.schema.outdim
        return ColumnCountError(
            f"{self.file} line {line} has {plural(width, 'column')}; the network in {self.schema.network} "
            f"takes {indim}. (With the expected outputs after the inputs it would be {indim + outdim}.)",
            line=line,
            counts=(indim, indim + outdim),
            width=width,
        )

    def _check_names(self, found: Sequence[str]) -> None:
        """Check that names of inputs do not differ from the card's names at the same position, if both have one."""
        differing = [
            place
            for place, name in enumerate(self._card_inputs)
            if name and found[place] and found[place] != name
        ]
        if differing:
            raise self._different_names(found)

    def _check_index(self, header: tuple[str, ...]) -> None:
        """Check that the first column is not an index of row numbers, as pandas and R write it."""
        parquet = next((name for name in header if re.fullmatch(r"__index_level_\d+__", name)), None)
        if parquet is not None:
            raise UnnamedIndex(
                f"{self.file} has the column {parquet}, in which pandas stores the row index; it is not a column of "
                f"the network in {self.schema.network}.",
                hint="Write the table without it (index=False).",
                found=header,
            )
        if len(header) > 1 and not header[0] and all(header[1:]):
            raise UnnamedIndex(
                f"{self.file} has a name for every column but the first, in which pandas and R store the row index; "
                f"it would be an input of the network in {self.schema.network}.",
                hint="Write the table without it (pandas: index=False, R: row.names=FALSE), or give the column a "
                "name if it is an input.",
                found=header,
            )

    def _check_no_outputs(self, inputs: Sequence[str]) -> None:
        """Check that no input has the card's name of an output, unless the card uses the name for an input, too."""
        outputs = {*self._card_outputs} - {*self._card_inputs, ""}
        wrong = [name for name in inputs if name in outputs]
        if wrong:
            raise OutputAsInput(
                f"{self.file} has {enumeration(wrong)} in the position of an input; the card of {self.schema.network} "
                f"has it as the name of an output.",
                found=tuple(inputs),
            )

    # By the names of the card.

    def _by_card(self, header: tuple[str, ...], line: int) -> ColumnSelection:
        names = self._card_inputs
        if len(header) < len(names):
            raise self._wrong_width(len(header), line)
        if not set(names).issubset(header):
            raise self._missing_inputs(header)
        known = frozenset(names)
        self._check_repeated(header, [place for place, name in enumerate(header) if name in known])
        inputs = _find(names, header)
        if list(inputs) != sorted(inputs):
            raise self._wrong_order([name for name in header if name in known], names, "inputs", header)
        targets = self._targets_by_card(header, inputs)
        return ColumnSelection(len(header), inputs, targets, BY_CARD, header)

    def _targets_by_card(self, header: tuple[str, ...], inputs: tuple[int, ...]) -> tuple[int, ...]:
        """Return the columns with the names of the outputs; if there are none, those after the inputs."""
        indim, outdim = self.schema.indim, self.schema.outdim
        names = [name for name in self._card_outputs if name]
        if not names or not set(names).isdisjoint(self._card_inputs):
            in_order = inputs == tuple(range(indim)) and len(header) == indim + outdim
            return tuple(range(indim, indim + outdim)) if in_order else ()
        known = frozenset(names)
        found = [name for name in header if name in known]
        if not found:
            return ()
        if len(names) != outdim or not set(names).issubset(found):
            missing = [name for name in names if name not in found]
            raise IncompleteOutputs(
                f"{self.file} has some of the outputs that the card of {self.schema.network} names "
                f"({enumeration(found)}), but not {enumeration(missing) or 'a name for each'}.",
                inputs=tuple(self._card_inputs),
                found=tuple(found),
            )
        self._check_repeated(header, [place for place, name in enumerate(header) if name in known])
        if found != names:
            raise self._wrong_order(found, names, "expected outputs", header)
        return _find(names, header)

    def _wrong_order(
        self, found: Sequence[str], named: Sequence[str], what: str, header: tuple[str, ...]
    ) -> ActivationError:
        outputs = tuple(self._card_outputs)
        return ColumnOrderError(
            f"{self.file} has the {what} in a different order ({enumeration(found)}) from the card of "
            f"{self.schema.network} ({enumeration(named)}).",
            expected=tuple(named),
            found=tuple(found),
            inputs=tuple(self._card_inputs),
            outputs=outputs if all(outputs) and set(outputs).issubset(header) else (),
        )

    def _missing_inputs(self, header: tuple[str, ...]) -> ActivationError:
        there = frozenset(header)
        missing = [name for name in self._card_inputs if name not in there]
        return MissingColumns(
            f"{self.file} has no column {enumeration(missing)}, which the card of {self.schema.network} names as "
            f"{'an input' if len(missing) == 1 else 'inputs'}. The columns are: {enumeration(header)}.",
            hint=f"{similar_name(missing, header)}Rename the columns.",
            expected=tuple(self._card_inputs),
            found=header,
        )

    def _different_names(self, found: Sequence[str]) -> ActivationError:
        named = self._card_inputs
        return OtherColumnNames(
            f"{self.file} names the inputs {enumeration(found)}; the card of {self.schema.network} names them "
            f"{enumeration([name or '(no name)' for name in named])}.",
            hint=f"{similar_name([name for name in named if name], found)}Rename the columns.",
            expected=tuple(named),
            found=tuple(found),
        )

    # By the chosen names.

    def _by_choice(self, header: tuple[str, ...], line: int) -> ColumnSelection:
        if not header:
            raise self._missing_header()
        targets = self._places(self.targets or (), header, self._card_outputs, "expected output")
        inputs = (
            self._inputs_beside(targets, header, line) if self.inputs is None else self._chosen_inputs(header)
        )
        self._check_count("inputs", len(inputs), self.schema.indim)
        if self.targets is not None:
            self._check_count("outputs", len(targets), self.schema.outdim)
        return ColumnSelection(len(header), inputs, targets, BY_CHOICE, header, self._ignored)

    def _chosen_inputs(self, header: tuple[str, ...]) -> tuple[int, ...]:
        return self._places(self.inputs or (), header, self._card_inputs, "input")

    def _inputs_beside(self, targets: tuple[int, ...], header: tuple[str, ...], line: int) -> tuple[int, ...]:
        """Return the inputs if only the expected outputs were chosen: the card's, or all remaining columns."""
        if self._all_named and not set(self._card_inputs).isdisjoint(header):
            return self._by_card(header, line).inputs
        self._check_index(header)
        used = {*targets, *(place for place, name in enumerate(header) if name in self._keep)}
        inputs = tuple(place for place in range(len(header)) if place not in used)
        self._check_count("inputs", len(inputs), self.schema.indim)
        names = [header[place] for place in inputs]
        self._check_names(names)
        self._check_no_outputs(names)
        return inputs

    def _places(
        self, names: Sequence[str], header: tuple[str, ...], named: Sequence[str], what: str
    ) -> tuple[int, ...]:
        there, given = Counter(header), Counter(names)
        for name in names:
            if there[name] != 1 or given[name] != 1:
                problem = "has no such column" if name not in header else "has several columns of this name"
                raise ColumnsError(
                    f"{quoted(name)} is chosen as {_with_article(what)}, but {self.file} {problem}. "
                    f"The columns are: {enumeration(header)}.",
                    hint=similar_name([name], header).rstrip(),
                    expected=tuple(names),
                    found=header,
                )
        self._check_order(names, named, f"{what}s", "The choice of columns")
        return _find(names, header)

    def _check_order(self, names: Sequence[str], named: Sequence[str], what: str, said: str) -> None:
        """Check that names of the card are at the positions that the card gives them."""
        places = {name: place for place, name in enumerate(named) if name}
        if any(places.get(name, place) != place for place, name in enumerate(names)):
            raise ChosenOrderError(
                f"{said} names the {what} in a different order ({enumeration(names)}) from the card of "
                f"{self.schema.network} ({enumeration(named)}).",
                hint="List the columns in the order of the card.",
                expected=tuple(named),
                found=tuple(names),
            )

    def _check_count(self, what: str, found: int, expected: int) -> None:
        if found != expected:
            raise ColumnsError(
                f"The choice of columns gives {plural(found, 'column')} of {self.file} as {what}; the network in "
                f"{self.schema.network} has {plural(expected, what.removesuffix('s'))}."
            )

    # Duplicate names.

    def _check_repeated(self, header: Sequence[str], places: Sequence[int], *, blank: bool = False) -> None:
        used = {normalized(header[place]) for place in places} if header else set()
        counted: dict[str, list[int]] = {}
        for place, name in enumerate(header):
            if normalized(name) in used and (name or blank):
                counted.setdefault(normalized(name), []).append(place)
        repeated = {name: found for name, found in counted.items() if len(found) > 1}
        if repeated:
            which = "; ".join(
                f"{quoted(name)} (columns {', '.join(str(place + 1) for place in found[:_LISTED])})"
                for name, found in list(repeated.items())[:_LISTED]
            )
            raise ColumnsError(
                f"{self.file} has several columns of the same name: {which}.",
                hint="Give each column a name of its own.",
                found=tuple(repeated),
            )


def _find(names: Sequence[str], header: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of names in a header that has each of them once."""
    places = {name: place for place, name in enumerate(header)}
    return tuple(places[name] for name in names)


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
