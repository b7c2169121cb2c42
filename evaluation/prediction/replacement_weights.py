"""Writes a network's file once more with other weights: same classes, same shape, same form. Nothing is executed.

The file is patched, not written anew, so that a program which loads the one loads the other. A pickle is read as a
row of opcodes; numbers in it that are weights are exchanged, each always for the same other one, so that weights
which stand in the file twice stay equal.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import pickletools
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from pybrain_runtime.network.description import NetworkDescription

# In larger files only whole arrays are exchanged: reading their opcodes would take long.
LARGEST = 16 * 1024 * 1024
_DTYPES = ("<f8", ">f8", "<f4", ">f4")
_XML_PARAMETERS = re.compile(rb"(<Parameters>)([^<]*)(</Parameters>)")
_NUMBER = re.compile(rb"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?+")
_TEXT_STRING = re.compile(rb"S(['\"])((?:\\.|[^\\\n])*?)\1\n")
# How a text or bytes of a pickle is written again, by its opcode: the head for a length, and the coding.
_HEADS: Mapping[str, tuple[bytes, str]] = {
    "BINBYTES": (b"B", "<I"), "SHORT_BINBYTES": (b"C", "<B"), "BINBYTES8": (b"\x8e", "<Q"),
    "BYTEARRAY8": (b"\x96", "<Q"), "BINSTRING": (b"T", "<i"), "SHORT_BINSTRING": (b"U", "<B"),
    "BINUNICODE": (b"X", "<I"), "SHORT_BINUNICODE": (b"\x8c", "<B"), "BINUNICODE8": (b"\x8d", "<Q"),
}  # fmt: skip


def weights_of(network: NetworkDescription) -> Iterator[np.ndarray]:
    """All parameters of a network, as arrays of float64."""
    for module in network.modules:
        yield from module.arrays.values()
        if module.network is not None:
            yield from weights_of(module.network)
    for connection in network.connections:
        if connection.parameters is not None:
            yield connection.parameters


def other_weights(
    content: bytes, weights: Sequence[np.ndarray], seed: int, *, moderate: bool = False
) -> bytes:
    """The same file with other weights; empty where it is of a form that cannot be patched.

    Args:
        content: the network's file: a pickle or XML, plain or packed by gzip or bzip2.
        weights: its weights.
        seed: says which others.
        moderate: whether the others are of a moderate size, whatever the old ones are; weights that are zero become
            others as well.
    """
    others = _moderate(weights, seed) if moderate else _exchange(weights, seed)
    if len(content) > LARGEST:
        return _replaced(content, weights, others)
    for unpack, pack in _PACKINGS:
        plain = unpack(content)
        if plain is not None:
            other = _patched(plain, others)
            return pack(other) if other and other != plain else b""
    return b""


def _exchange(weights: Sequence[np.ndarray], seed: int) -> dict[float, float]:
    """Each weight's other one: of the same size, some with the other sign."""
    chosen = random.Random(seed)
    old = sorted({float(value) for array in weights for value in np.asarray(array).ravel()} - {0.0})
    spread = float(np.median(np.abs(old))) if old else 1.0
    return {
        value: (value * chosen.uniform(0.3, 1.1) + chosen.gauss(0, 0.4) * spread)
        * (-1 if chosen.random() < 0.2 else 1)
        for value in old
        if np.isfinite(value)
    }


def _moderate(weights: Sequence[np.ndarray], seed: int) -> dict[float, float]:
    """Each weight's other one, of a size with which layers answer neither their extremes nor always the same."""
    chosen = random.Random(seed)
    old = sorted({float(value) for array in weights for value in np.asarray(array).ravel()})
    return {value: chosen.uniform(0.1, 1.5) * chosen.choice((-1, 1)) for value in old if np.isfinite(value)}


def _replaced(content: bytes, weights: Sequence[np.ndarray], others: Mapping[float, float]) -> bytes:
    """The file with the bytes of each array of weights exchanged, wherever they are; empty where none are."""
    new = content
    for array in weights:
        raw = np.ascontiguousarray(array, "<f8").tobytes()
        if (other := _block(raw, others, {})) is not None:
            new = new.replace(raw, other)
    return new if new != content else b""


# --- packings


def _gunzipped(content: bytes) -> bytes | None:
    return _bounded(zlib.decompressobj(31), content) if content[:2] == b"\x1f\x8b" else None


def _bunzipped(content: bytes) -> bytes | None:
    return _bounded(bz2.BZ2Decompressor(), content) if content[:3] == b"BZh" else None


def _bounded(unpacker: zlib._Decompress | bz2.BZ2Decompressor, content: bytes) -> bytes | None:
    try:
        plain = unpacker.decompress(content, LARGEST)
    except (zlib.error, OSError, EOFError, ValueError):
        return None
    return plain if unpacker.eof else None


_PACKINGS: tuple[tuple[Callable[[bytes], bytes | None], Callable[[bytes], bytes]], ...] = (
    (_gunzipped, gzip.compress),
    (_bunzipped, bz2.compress),
    (bytes, bytes),
)


# --- patching


def _patched(content: bytes, others: Mapping[float, float]) -> bytes:
    if content.lstrip()[:1] == b"<":
        return _XML_PARAMETERS.sub(lambda found: found[1] + _in_xml(found[2], others) + found[3], content)
    try:
        return b"".join(_pieces(content, others))
    except (ValueError, KeyError, IndexError, OverflowError, struct.error):
        return (
            b""
            if content.startswith(b"\x80")
            else _TEXT_STRING.sub(lambda found: _string(found, others), content)
        )


def _string(found: re.Match[bytes], others: Mapping[float, float]) -> bytes:
    """A string in a pickle of text that Python 2 wrote, with other weights in it; as it was where none are."""
    try:
        block = _block(codecs.escape_decode(found[2])[0], others, {})
    except ValueError:
        block = None
    return found[0] if block is None else b"S'" + b"".join(b"\\x%02x" % byte for byte in block) + b"'\n"


def _in_xml(text: bytes, others: Mapping[float, float]) -> bytes:
    def changed(found: re.Match[bytes]) -> bytes:
        other = others.get(float(found[0]))
        return found[0] if other is None else repr(other).encode()

    return _NUMBER.sub(changed, text)


def _pieces(content: bytes, others: Mapping[float, float]) -> Iterator[bytes]:
    """The file in pieces, some of them exchanged.

    Raises:
        ValueError: it is no pickle, or a length that is written elsewhere would have to change.
    """
    done, framed = 0, False
    single = {float(np.float32(value)): other for value, other in others.items()}
    codes = [(code.name, argument, place or 0) for code, argument, place in pickletools.genops(content)]
    ends = [place for _, _, place in codes[1:]] + [len(content)]
    for (name, argument, place), end in zip(codes, ends, strict=True):
        framed = framed or name == "FRAME"
        new = _piece(name, argument, others, single)
        if new is None:
            continue
        if framed and len(new) != end - place:
            raise ValueError("a frame would have another length")
        yield content[done:place]
        yield new
        done = end
    yield content[done:]


def _piece(
    name: str, argument: object, others: Mapping[float, float], single: Mapping[float, float]
) -> bytes | None:
    """An opcode with other weights; None where none are in it."""
    if name == "BINFLOAT" and argument in others:
        return b"G" + struct.pack(">d", others[float(str(argument))])
    if name == "FLOAT" and argument in others:
        return b"F" + repr(others[float(str(argument))]).encode() + b"\n"
    if isinstance(argument, str) and (name in _HEADS or name == "UNICODE"):
        try:
            raw = argument.encode("latin-1")
        except UnicodeError:
            return None
        block = _block(raw, others, single)
        return None if block is None else _text(name, block)
    if isinstance(argument, (bytes, bytearray)) and name in _HEADS:
        block = _block(bytes(argument), others, single)
        return None if block is None else _with_length(name, block)
    return None


def _block(raw: bytes, others: Mapping[float, float], single: Mapping[float, float]) -> bytes | None:
    """The bytes of an array of weights with the other ones; None where something else is in it."""
    for dtype in _DTYPES:
        known = others if dtype.endswith("8") else single
        width = int(dtype[-1])
        if not raw or len(raw) % width:
            continue
        values = np.frombuffer(raw, dtype).tolist()
        if (any(values) or 0.0 in known) and all(value == 0 or value in known for value in values):
            return np.array([known.get(value, value) for value in values], dtype).tobytes()
    return None


def _text(name: str, block: bytes) -> bytes:
    if name == "UNICODE":
        text = block.decode("latin-1").replace("\\", "\\u005c").replace("\0", "\\u0000")
        text = text.replace("\n", "\\u000a").replace("\r", "\\u000d").replace("\x1a", "\\u001a")
        return b"V" + text.encode("raw-unicode-escape") + b"\n"
    if name in ("BINSTRING", "SHORT_BINSTRING"):
        return _with_length(name, block)
    return _with_length(name, block.decode("latin-1").encode("utf-8"))


def _with_length(name: str, block: bytes) -> bytes:
    head, form = _HEADS[name]
    return head + struct.pack(form, len(block)) + block
