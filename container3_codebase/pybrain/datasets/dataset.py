"""The base of all data sets: named two-dimensional fields, some of them linked row by row."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pybrain._portable import portable, unwrapped
from pybrain.utilities import Serializable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Self

    from pybrain._typing import AnyArray, ArrayLike, StrPath


class OutOfSyncError(Exception):
    """Linked fields do not have the same number of rows."""


class VectorFormatError(Exception):
    """The requested vector format does not exist."""


class NoLinkedFieldsError(Exception):
    """Samples were requested, but no fields are linked."""


def _as_is(array: AnyArray) -> AnyArray:
    return array


# How rows are returned, by the value of `DataSet.vectorformat`.
_FORMATS = {
    "none": _as_is,
    "1d": np.ravel,
    "2d": np.atleast_2d,
    "list": lambda array: np.asarray(array).tolist(),
}


class DataSet(Serializable):
    """Named fields, each an array of shape (rows, dim); linked fields form the samples.

    Attributes:
        data: field name -> array with room for at least `endmarker[name]` rows.
        endmarker: field name -> number of rows in use; rows beyond it are spare room.
        link: names of the linked fields, in the order in which a sample lists them.
        index: the sample that `getLinked()` without an index returns next.
    """

    def __init__(self) -> None:
        self.data: dict[str, AnyArray] = {}
        self.endmarker: dict[str, int] = {}
        self.link: list[str] = []
        self.index = 0
        self._vectorformat = "none"

    # -- pickling: what PyBrain writes and reads ---------------------------------------

    def _constructorArguments(self) -> tuple[Any, ...]:
        """Return the arguments that build an empty data set of this kind."""
        return ()

    def _pickledState(self) -> dict[str, Any]:
        # Spare rows are not written: they hold nothing, and a file should not depend on how
        # the data set happened to grow.
        return {
            "data": {name: self.data[name][: self.endmarker[name]].copy() for name in self.data},
            "link": list(self.link),
            "endmarker": dict(self.endmarker),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        arguments, state = portable(self._constructorArguments()), portable(self._pickledState())
        return type(self), arguments, state, iter([]), iter({}.items())

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(unwrapped(state))

    # -- reading ----------------------------------------------------------------------

    def __len__(self) -> int:
        return self.getLength()

    def __getitem__(self, field: str) -> Any:
        return self.getField(field)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the samples; the marker of `getLinked` is not moved."""
        for index in range(self.getLength() if self.link else 0):
            yield self._sample(index)

    def __str__(self) -> str:
        parts = []
        for name in self.data:
            field = self.data[name][: self.endmarker[name]]
            parts.append(f"{name}: dim{field.shape}\n{field}\n")
        return "\n".join(parts)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}({self.getDimension(name)})" for name in self.data)
        return f"<{type(self).__name__}: {self.getLength() if self.data else 0} samples; {fields}>"

    def getVectorFormat(self) -> str:
        """Return the format in which rows are returned: 'none', '1d', '2d' or 'list'."""
        return self._vectorformat

    def setVectorFormat(self, vf: str) -> None:
        """Set the format in which rows are returned.

        Raises:
            VectorFormatError: `vf` is not one of 'none', '1d', '2d', 'list'.
        """
        if vf not in _FORMATS:
            raise VectorFormatError(
                f"unknown vector format {vf!r}; expected one of {', '.join(map(repr, _FORMATS))}"
            )
        self._vectorformat = vf

    vectorformat = property(getVectorFormat, setVectorFormat, None, "the format in which rows are returned")

    @property
    def _convert(self) -> Any:
        return _FORMATS[self._vectorformat]

    def _known(self, label: str) -> str:
        """Return `label`, or raise a KeyError that names the existing fields."""
        if label not in self.data:
            raise KeyError(
                f"no field {label!r} in this {type(self).__name__}; its fields are {list(self.data)}"
            )
        return label

    def getDimension(self, label: str) -> int:
        """Return the number of columns of a field."""
        return int(self.data[self._known(label)].shape[1])

    def getLength(self) -> int:
        """Return the number of samples: rows of the linked fields, else of the first field."""
        if self.link:
            return self.endmarker[self.link[0]]
        return next(iter(self.endmarker.values()), 0)

    def hasField(self, label: str) -> bool:
        """Return whether there is a field with this name."""
        return label in self.data

    def getFieldNames(self) -> list[str]:
        """Return the names of all fields."""
        return list(self.data)

    def getField(self, label: str) -> Any:
        """Return the rows of a field, shape (rows, dim): a view, or a list with format 'list'."""
        field = self.data[self._known(label)][: self.endmarker[label]]
        return field.tolist() if self._vectorformat == "list" else field

    # -- fields -----------------------------------------------------------------------

    def addField(self, label: str, dim: int) -> None:
        """Add an empty field of `dim` columns, or empty an existing one.

        Args:
            label: name of the field.
            dim: number of columns.
        """
        self.data[label] = np.zeros((0, dim))
        self.endmarker[label] = 0

    def setField(self, label: str, arr: ArrayLike) -> None:
        """Set the content of a field to a copy of an array.

        Values become floating point, unless the field held integers (classes) and the new values are integers.

        Args:
            label: name of the field.
            arr: the new content, shape (rows, dim), or (rows,) for one column.
        """
        array = np.array(arr)
        classes = label in self.data and self.data[label].dtype.kind == "i" and array.dtype.kind == "i"
        array = array.astype(int if classes else float)
        if array.ndim == 1:
            array = array.reshape(-1, 1)
        if array.ndim != 2:
            raise ValueError(f"field {label!r} takes rows and columns, not an array of shape {array.shape}")
        self.data[label] = array
        self.endmarker[label] = len(array)

    def convertField(self, label: str, newtype: Any) -> None:
        """Convert the values of a field to another type.

        Args:
            label: name of the field.
            newtype: the new dtype, such as ``int``.
        """
        self.data[self._known(label)] = self.data[label].astype(newtype)

    def linkFields(self, linklist: Iterable[str]) -> None:
        """Link fields row by row.

        Raises:
            OutOfSyncError: the fields differ in length.
        """
        for label in linklist:
            self._known(label)
        self._checkInSync(linklist)
        self.link = list(linklist)

    def unlinkFields(self, unlinklist: Iterable[str] | None = None) -> None:
        """Unlink some fields, or all."""
        self.link = [] if unlinklist is None else [name for name in self.link if name not in unlinklist]

    def _checkInSync(self, labels: Iterable[str]) -> None:
        lengths = {label: self.endmarker[label] for label in labels}
        if len(set(lengths.values())) > 1:
            raise OutOfSyncError(f"linked fields differ in length: {lengths}")

    # -- rows -------------------------------------------------------------------------

    def _asRow(self, label: str, row: ArrayLike) -> AnyArray:
        """Return `row` as a flat array that fits the field, or raise a ValueError."""
        field = self.data[self._known(label)]
        flat = np.ravel(row)
        if flat.dtype.kind not in "fiub":
            flat = flat.astype(float)
        if flat.size != field.shape[1]:
            raise ValueError(f"field {label!r} takes {field.shape[1]} values per row, not {flat.size}")
        if field.dtype.kind == "i" and not np.all(np.isfinite(flat) & (flat == np.trunc(flat))):
            raise ValueError(f"field {label!r} takes integers (class indices), not {flat.tolist()}")
        return flat

    def _write(self, label: str, row: ArrayLike) -> None:
        end = self.endmarker[label]
        field = self.data[label]
        if end >= len(field):
            # Doubling keeps appending cheap: n rows cost O(n) copies in all.
            grown = np.zeros(((end + 1) * 2, field.shape[1]), dtype=field.dtype)
            grown[:end] = field[:end]
            self.data[label] = field = grown
        field[end] = row
        self.endmarker[label] = end + 1

    def append(self, label: str, row: ArrayLike) -> None:
        """Append a row to one field.

        Args:
            label: name of the field.
            row: the values, one per column.

        Raises:
            KeyError: the field does not exist.
            OutOfSyncError: the field is linked with others; `appendLinked` appends to all of them.
            ValueError: the number of values differs from the number of columns.
        """
        if label in self.link and len(self.link) > 1:
            raise OutOfSyncError(f"field {label!r} is linked with {self.link}: append to all of them at once")
        self._write(label, self._asRow(label, row))

    def appendLinked(self, *args: Any) -> None:
        """Append one row to every linked field, or to none if one row does not fit."""
        if len(args) != len(self.link):
            raise ValueError(f"a sample has {len(self.link)} parts ({', '.join(self.link)}), not {len(args)}")
        self._checkInSync(self.link)
        rows = [self._asRow(label, row) for label, row in zip(self.link, args, strict=True)]
        for label, row in zip(self.link, rows, strict=True):
            self._write(label, row)

    def _sample(self, index: int) -> list[Any]:
        convert = self._convert
        return [convert(self.data[label][index]) for label in self.link]

    def getLinked(self, index: int | None = None) -> list[Any]:
        """Return one sample, a list of rows in link order, and move the marker past it.

        Args:
            index: index of the sample; None for the one at the marker.

        Raises:
            NoLinkedFieldsError: no fields are linked.
            IndexError: there is no such sample.
        """
        if not self.link:
            raise NoLinkedFieldsError("no fields are linked, so there are no samples")
        self._checkInSync(self.link)
        index = self.index if index is None else int(index)
        length = self.getLength()
        if not -length <= index < length:
            raise IndexError(f"sample {index} is out of range: there are {length}")
        index %= length
        self.index = index + 1
        return self._sample(index)

    def endOfData(self) -> bool:
        """Return whether the marker is past the last sample."""
        return self.index >= self.getLength()

    def reset(self) -> None:
        """Move the marker to the first sample."""
        self.index = 0

    def clear(self, unlinked: bool = False) -> None:
        """Delete the rows of the linked fields, or of all fields if `unlinked` is true or none is linked."""
        self.reset()
        for label in list(self.data) if unlinked or not self.link else self.link:
            self.data[label] = self.data[label][:0].copy()
            self.endmarker[label] = 0

    # -- derived ----------------------------------------------------------------------

    def batches(self, label: str, n: int, permutation: Iterable[int] | None = None) -> Iterator[Any]:
        """Yield arrays of up to `n` rows of a field, in order or in that of `permutation`.

        Args:
            label: name of the field.
            n: maximum number of rows in a batch.
            permutation: order of the rows, shape (rows,); None for the order of the field.
        """
        if n < 1:
            raise ValueError(f"a batch must have at least 1 row, not {n}")
        rows = np.asarray(self.data[self._known(label)][: self.endmarker[label]])
        order = np.arange(len(rows)) if permutation is None else np.array(list(permutation), dtype=int)
        for start in range(0, len(order), n):
            yield rows[order[start : start + n]]

    def randomBatches(self, label: str, n: int) -> Iterator[Any]:
        """Yield batches in a random order, drawn from NumPy's global generator.

        Args:
            label: name of the field.
            n: maximum number of rows in a batch.
        """
        return self.batches(label, n, np.random.permutation(self.endmarker[self._known(label)]))

    def replaceNansByMeans(self) -> None:
        """Replace every NaN or infinite entry with the mean of the finite entries in its column."""
        for label in self.data:
            field = self.data[label][: self.endmarker[label]]
            if field.dtype.kind != "f":
                continue
            for column in range(field.shape[1]):
                values = field[:, column]
                known = np.isfinite(values)
                if known.all():
                    continue
                if not known.any():
                    raise ValueError(
                        f"column {column} of field {label!r} has no finite values to take a mean of"
                    )
                values[~known] = values[known].mean()

    def checkFinite(self) -> None:
        """Raise a ValueError that names the first entry of a linked field that is not a finite number.

        A data set may hold NaN until `replaceNansByMeans` is called; trainers and validators call this
        method first.
        """
        for label in self.link:
            field = self.data[label][: self.endmarker[label]]
            finite = np.isfinite(field)
            if not finite.all():
                row, column = np.argwhere(~finite)[0]
                raise ValueError(
                    f"row {row}, column {column} of field {label!r} is {field[row, column]}; "
                    "every value must be a finite number (replaceNansByMeans() fills gaps)"
                )

    def copy(self) -> Self:
        """Return an independent copy."""
        return deepcopy(self)

    @classmethod
    def reconstruct(cls, filename: StrPath) -> Any:
        """Read a data set from a file, as `loadFromFile` does."""
        return cls.loadFromFile(str(Path(filename)))
