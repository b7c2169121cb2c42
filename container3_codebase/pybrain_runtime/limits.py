"""Limits on the size and content of knowledge files."""

from __future__ import annotations

from pybrain_runtime.io.record import Record

MIB = 1024 * 1024


class Limits(Record, eq=True):
    """Upper bounds for reading a knowledge file.

    The defaults allow two million parameters, each of which PyBrain writes four times. With them, reading any file
    takes at most 512 MB and 2 s of CPU time; see ``docs/knowledge-files.md``.

    Attributes:
        file_size: bytes of the file, before and after decompression.
        opcodes: instructions of a pickle, and elements of an XML file.
        memo: values in the memo of a pickle.
        depth: nesting of marks in a pickle, and of XML elements.
        array_elements: elements of all arrays together; likewise parameters of all layers and connections together.
        string_length: bytes of one string (the content of an array counts as one).
        name_length: characters of one name: of a module, a key, an attribute.
        long_bytes: bytes of one integer.
        key_parts: items of a tuple that is a key.
        key_collisions: keys that are tuples and share the lower half of their hash with another key.
        copied_items: elements of containers that are copied while reading, such as a set created from a list.
        heap: bytes of text, copies and objects beyond the fixed cost of an instruction or element.
        members: entries in the directory of a zip archive.
        units: inputs and outputs of all layers together.
        parts: modules and connections together.
        steps: items of lists that are visited while a network is checked; shared lists count each time.
        networks: nesting of networks.
        seconds: CPU time; only slow machines reach it before the other limits.
    """

    file_size: int = 64 * MIB
    opcodes: int = 1_000_000
    memo: int = 1_000_000
    depth: int = 1_000
    array_elements: int = 8 * MIB
    string_length: int = 64 * MIB
    name_length: int = 4_096
    long_bytes: int = 128
    key_parts: int = 8
    key_collisions: int = 64
    copied_items: int = 1_000_000
    heap: int = 144 * MIB
    members: int = 60_000
    units: int = 1_000_000
    parts: int = 25_000
    steps: int = 4_000_000
    networks: int = 16
    seconds: float = 1.5


DEFAULT_LIMITS = Limits()
