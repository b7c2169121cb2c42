"""Replace the weights in a network's file: same classes, same shape, same form. Nothing is executed.

The file is patched, so that a program which loads the old file loads the new one. A pickle is parsed as a sequence of
opcodes. Each weight is always replaced by the same other one, so that weights that occur twice stay equal.
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

# In larger files only whole arrays are replaced: parsing their opcodes would take long.
LARGEST = 16 * 1024 * 1024
_DTYPES = ("<f8", ">f8", "<f4", ">f4")
_XML_PARAMETERS = re.compile(rb"(<Parameters>)([^<]*)(</Parameters>)")
_NUMBER = re.compile(rb"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?+")
_TEXT_STRING = re.compile(rb"S(['\"])((?:\\.|[^\\\n])*?)\1\n")
# How a string or bytes object is written in a pickle, by opcode: the opcode byte and the format of its length.
_HEADS: Mapping[str, tuple[bytes, str]] = {
    "BINBYTES": (b"B", "<I"), "SHORT_BINBYTES": (b"C", "<B"), "BINBYTES8": (b"\x8e", "<Q"),
    "BYTEARRAY8": (b"\x96", "<Q"), "BINSTRING": (b"T", "<i"), "SHORT_BINSTRING": (b"U", "<B"),
    "BINUNICODE": (b"X", "<I"), "SHORT_BINUNICODE": (b"\x8c", "<B"), "BINUNICODE8": (b"\x8d", "<Q"),
}  # fmt: skip


def parameters_of(network: NetworkDescription) -> Iterator[np.ndarray]:
    """Yield all parameters of a network, as arrays of float64."""
    for module in network.modules:
        yield from module.arrays.values()
        if module.network is not None:
            yield from parameters_of(module.network)
    for connection in network.connections:
        if connection.parameters is not None:
            yield connection.parameters


def with_other_weights(
    content: bytes, weights: Sequence[np.ndarray], seed: int, *, moderate: bool = False
) -> bytes:
    """Return the same file with other weights; empty if it cannot be patched.

    Args:
        content: the file: a pickle or XML, plain or compressed with gzip or bzip2.
        weights: its weights.
        seed: seed of the random weights.
        moderate: whether all weights, also zeros, get values of a moderate size.
    """
    others = _random_moderate_weights(weights, seed) if moderate else _random_weights(weights, seed)
    if len(content) > LARGEST:
        return _replace_arrays(content, weights, others)
    for unpack, pack in _COMPRESSIONS:
        plain = unpack(content)
        if plain is not None:
            other = _patch(plain, others)
            return pack(other) if other and other != plain else b""
    return b""


def _random_weights(weights: Sequence[np.ndarray], seed: int) -> dict[float, float]:
    """Return a random replacement for each weight: of the same size, some with the opposite sign."""
    chosen = random.Random(seed)
    old = sorted({float(value) for array in weights for value in np.asarray(array).ravel()} - {0.0})
    spread = float(np.median(np.abs(old))) if old else 1.0
    return {
        value: (value * chosen.uniform(0.3, 1.1) + chosen.gauss(0, 0.4) * spread)
        * (-1 if chosen.random() < 0.2 else 1)
        for value in old
        if np.isfinite(value)
    }


def _random_moderate_weights(weights: Sequence[np.ndarray], seed: int) -> dict[float, float]:
    """Return a random replacement for each weight, of a size that neither saturates layers nor makes them constant."""
    chosen = random.Random(seed)
    old = sorted({float(value) for array in weights for value in np.asarray(array).ravel()})
    return {value: chosen.uniform(0.1, 1.5) * chosen.choice((-1, 1)) for value in old if np.isfinite(value)}


def _replace_arrays(content: bytes, weights: Sequence[np.ndarray], others: Mapping[float, float]) -> bytes:
    """Return the file with the bytes of each array of weights replaced; empty if none were found."""
    new = content
    for array in weights:
        raw = np.ascontiguousarray(array, "<f8").tobytes()
        if (other := _replaced_block(raw, others, {})) is not None:
            new = new.replace(raw, other)
    return new if new != content else b""


# --- compression


def _gunzip(content: bytes) -> bytes | None:
    return _decompress(zlib.decompressobj(31), content) if content[:2] == b"\x1f\x8b" else None


def _bunzip(content: bytes) -> bytes | None:
    return _decompress(bz2.BZ2Decompressor(), content) if content[:3] == b"BZh" else None


def _decompress(unpacker: zlib._Decompress | bz2.BZ2Decompressor, content: bytes) -> bytes | None:
    try:
        plain = unpacker.decompress(content, LARGEST)
    except (zlib.error, OSError, EOFError, ValueError):
        return None
    return plain if unpacker.eof else None


_COMPRESSIONS: tuple[tuple[Callable[[bytes], bytes | None], Callable[[bytes], bytes]], ...] = (
    (_gunzip, gzip.compress),
    (_bunzip, bz2.compress),
    (bytes, bytes),
)


# --- patching


def _patch(content: bytes, others: Mapping[float, float]) -> bytes:
    if content.lstrip()[:1] == b"<":
        return _XML_PARAMETERS.sub(
            lambda found: found[1] + _patch_xml_numbers(found[2], others) + found[3], content
        )
    try:
        return b"".join(_patched_pieces(content, others))
    except (ValueError, KeyError, IndexError, OverflowError, struct.error):
        return (
            b""
            if content.startswith(b"\x80")
            else _TEXT_STRING.sub(lambda found: _patch_text_string(found, others), content)
        )


def _patch_text_string(found: re.Match[bytes], others: Mapping[float, float]) -> bytes:
    """Return a string of a protocol 0 pickle with other weights; unchanged if it holds none."""
    try:
        block = _replaced_block(codecs.escape_decode(found[2])[0], others, {})
    except ValueError:
        block = None
    return found[0] if block is None else b"S'" + b"".join(b"\\x%02x" % byte for byte in block) + b"'\n"


def _patch_xml_numbers(text: bytes, others: Mapping[float, float]) -> bytes:
    def changed(found: re.Match[bytes]) -> bytes:
        other = others.get(float(found[0]))
        return found[0] if other is None else repr(other).encode()

    return _NUMBER.sub(changed, text)


def _patched_pieces(content: bytes, others: Mapping[float, float]) -> Iterator[bytes]:
    """Yield the file in pieces, some of them replaced.

    Raises:
        ValueError: It is not a pickle, or a frame would get another length.
    """
    done, framed = 0, False
    single = {float(np.float32(value)): other for value, other in others.items()}
    codes = [(code.name, argument, place or 0) for code, argument, place in pickletools.genops(content)]
    ends = [place for _, _, place in codes[1:]] + [len(content)]
    for (name, argument, place), end in zip(codes, ends, strict=True):
        framed = framed or name == "FRAME"
        new = _patched_opcode(name, argument, others, single)
        if new is None:
            continue
        if framed and len(new) != end - place:
            raise ValueError("a frame would get another length")
        yield content[done:place]
        yield new
        done = end
    yield content[done:]


def _patched_opcode(
    name: str, argument: object, others: Mapping[float, float], single: Mapping[float, float]
) -> bytes | None:
    """Return an opcode with other weights; None if it holds none."""
    if name == "BINFLOAT" and argument in others:
        return b"G" + struct.pack(">d", others[float(str(argument))])
    if name == "FLOAT" and argument in others:
        return b"F" + repr(others[float(str(argument))]).encode() + b"\n"
    if isinstance(argument, str) and (name in _HEADS or name == "UNICODE"):
        try:
            raw = argument.encode("latin-1")
        except UnicodeError:
            return None
        block = _replaced_block(raw, others, single)
        return None if block is None else _text_opcode(name, block)
    if isinstance(argument, (bytes, bytearray)) and name in _HEADS:
        block = _replaced_block(bytes(argument), others, single)
        return None if block is None else _length_prefixed(name, block)
    return None


def _replaced_block(raw: bytes, others: Mapping[float, float], single: Mapping[float, float]) -> bytes | None:
    """Return the bytes of an array with its weights replaced; None if it holds other values."""
    for dtype in _DTYPES:
        known = others if dtype.endswith("8") else single
        width = int(dtype[-1])
        if not raw or len(raw) % width:
            continue
        values = np.frombuffer(raw, dtype).tolist()
        if (any(values) or 0.0 in known) and all(value == 0 or value in known for value in values):
            return np.array([known.get(value, value) for value in values], dtype).tobytes()
    return None


def _text_opcode(name: str, block: bytes) -> bytes:
    if name == "UNICODE":
        text = block.decode("latin-1").replace("\\", "\\u005c").replace("\0", "\\u0000")
        text = text.replace("\n", "\\u000a").replace("\r", "\\u000d").replace("\x1a", "\\u001a")
        return b"V" + text.encode("raw-unicode-escape") + b"\n"
    if name in ("BINSTRING", "SHORT_BINSTRING"):
        return _length_prefixed(name, block)
    return _length_prefixed(name, block.decode("latin-1").encode("utf-8"))


def _length_prefixed(name: str, block: bytes) -> bytes:
    head, form = _HEADS[name]
    return head + struct.pack(form, len(block)) + block
