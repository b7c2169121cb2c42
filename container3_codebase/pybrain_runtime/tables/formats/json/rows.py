"""Lines of JSON: an object or an array per line, all of the same form."""

from __future__ import annotations

import json
from typing import NoReturn

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import quoted
from pybrain_runtime.io.strict_json import RepeatedKey, parse_json


class JsonRows:
    """Parses the lines of one file.

    Attributes:
        header: the keys of the first object, in their order; empty if the lines are arrays.

    Args:
        file: the file's name, for messages.
        form: what a line holds, for messages.
    """

    def __init__(self, file: str, form: str = "an object or an array of numbers") -> None:
        self.header: tuple[str, ...] = ()
        self._file = file
        self._form = form

    def begin(self, number: int, line: bytes) -> dict[str, object] | list[object]:
        """Use the keys of the first row as the header, and return the row.

        Args:
            number: the line number.
            line: the bytes of the line.

        Raises:
            ActivationError: the line is neither an object nor an array, or a key cannot be encoded.
        """
        value = self.parsed(number, line)
        if isinstance(value, dict) and all(isinstance(item, dict | list) for item in value.values()):
            raise self.one_document(number)  # a table by columns
        self.header = tuple(value) if isinstance(value, dict) else ()
        for name in self.header:
            if not _is_text(name):
                raise self.invalid(number, f"has a key that is not valid Unicode: {quoted(name)}")
        return value

    def values(self, number: int, value: dict[str, object] | list[object]) -> list[object]:
        """Return the values of a row in the order of the header.

        Args:
            number: the line number.
            value: the parsed line.

        Raises:
            ActivationError: the form or the keys differ from those of the first row.
        """
        if isinstance(value, dict) != bool(self.header):
            raise self.invalid(number, "does not have the same form as the lines before it")
        if not isinstance(value, dict):
            return value
        if len(value) != len(self.header) or any(name not in value for name in self.header):
            missing = [quoted(name) for name in self.header if name not in value]
            more = [quoted(name) for name in value if name not in self.header]
            differences = [f"without {', '.join(missing)}"] if missing else []
            differences += [f"with {', '.join(more)}"] if more else []
            raise self.invalid(
                number, f"has different keys from the lines before it: {' and '.join(differences)}"
            )
        return [value[name] for name in self.header]

    def parsed(self, number: int, line: bytes) -> dict[str, object] | list[object]:
        """Return a line as an object or an array.

        Args:
            number: the line number.
            line: the bytes of the line.

        Raises:
            ActivationError: the line is neither of them, or is not valid JSON.
        """
        try:
            value = parse_json(line.decode("utf-8"), parse_constant=_reject_constant)
        except UnicodeDecodeError as error:
            raise self.invalid(
                number,
                f"is not UTF-8: byte 0x{line[error.start]:02x} at position {error.start + 1} of the line",
            ) from None
        except RepeatedKey as error:
            raise self.invalid(number, f"has the key {quoted(error.key)} twice") from None
        except RecursionError:
            raise self.invalid(number, "is not JSON: its lists and objects are nested too deeply") from None
        except ValueError as error:
            if line.strip() in (b"[", b"{", b"[{", b"[["):
                raise self.one_document(number) from None
            raise self.invalid(number, f"is not JSON: {_reason(error)}") from None
        if not isinstance(value, dict | list) or not value:
            raise self.invalid(number, "is neither an object nor an array of numbers")
        if isinstance(value, list) and isinstance(value[0], dict | list):
            raise self.one_document(number)
        return value

    def one_document(self, line: int) -> ActivationError:
        """Return the error for a JSON document that holds all rows.

        Args:
            line: the line in which the document begins.
        """
        return ActivationError(
            f"{self._file} line {line} is not JSON by itself: one document seems to hold all rows.",
            hint="Write each row on a line of its own: jq -c '.[]' does that for an array of rows, pandas with "
            "to_json(orient='records', lines=True).",
            line=line,
        )

    def invalid(self, line: int, what: str) -> ActivationError:
        """Return the error for a line.

        Args:
            line: the line number.
            what: what is wrong with the line, to complete the sentence "line 3 ...".
        """
        return ActivationError(
            f"{self._file} line {line} {what}.",
            hint=f"Each line holds one row: {self._form}.",
            line=line,
        )


def _reason(error: ValueError) -> str:
    """Return what is wrong with a line. Python limits the digits of an integer, but JSON does not."""
    own = isinstance(error, json.JSONDecodeError) or "finite" in str(error)
    return str(error) if own else "a number has too many digits"


def _is_text(name: str) -> bool:
    """Return whether a key can be encoded: JSON allows half of a surrogate pair, but UTF-8 does not."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _reject_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a finite number")
