"""How much a knowledge file may ask for before it is refused."""

from __future__ import annotations

from .record import Record

MIB = 1024 * 1024


class Limits(Record, eq=True):
    """Upper bounds while a knowledge file is read. The defaults hold two million parameters four times over,
    as PyBrain writes them, and keep memory under 512 MB whatever a file asks for.

    Attributes:
        file_size: bytes of the file, and of what a compressed file unpacks to.
        opcodes: instructions of a pickle, and elements of an XML file.
        memo: values that a pickle may remember for later use.
        depth: marks open at once in a pickle, and XML elements inside one another.
        array_elements: elements of all arrays together; also parameters of all parts together.
        string_length: bytes of one string (the content of an array counts as one).
        long_bytes: bytes of one integer.
        copied_items: elements of containers that are copied while reading (a set made from a list).
        copied_bytes: bytes of strings that are copied while reading (the content of an array from a string).
        units: inputs and outputs of all layers together.
        networks: networks inside one another.
        seconds: wall-clock time.
    """

    file_size: int = 64 * MIB
    opcodes: int = 1_000_000
    memo: int = 1_000_000
    depth: int = 1_000
    array_elements: int = 8 * MIB
    string_length: int = 64 * MIB
    long_bytes: int = 128
    copied_items: int = 1_000_000
    copied_bytes: int = 64 * MIB
    units: int = 1_000_000
    networks: int = 16
    seconds: float = 10.0


DEFAULT_LIMITS = Limits()
