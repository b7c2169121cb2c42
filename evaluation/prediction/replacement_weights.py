"""Replace the weights in a network's file, keeping classes, shapes and format. No code is executed.

The file is patched, so that a program that loads the old file can load the new one. A pickle is parsed as a sequence
of opcodes. Equal weights are replaced by equal weights, so that weights that occur twice remain equal.
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

# In larger files, only whole arrays are replaced, because parsing the opcodes would take long.
LARGEST = 16 * 1024 * 1024
_DTYPES = ("<f8", ">f8", "<f4", ">f4")
_XML_PARAMETERS = re.compile(rb"(<Parameters>)([^<]*)(</Parameters>)")
_NUMBER = re.compile(rb"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?+")
_TEXT_STRING = re.compile(rb"S(['\"])((?:\\.|[^\\\n])*?)\1\n")
# The encoding of string and bytes objects in a pickle, by opcode: the opcode byte and the format of its length.
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
    """Return the content of a network's file with other weights; empty if it cannot be patched.

    Args:
        content: the content of the file: a pickle or XML, plain or compressed with gzip or bzip2.
        weights: the weights in the file.
        seed: seed of the random weights.
        moderate: whether all weights, including zeros, are replaced by values of moderate size.
    """
    new_weights = _random_moderate_weights(weights, seed) if moderate else _random_weights(weights, seed)
    if len(content) > LARGEST:
        return _replace_arrays(content, weights, new_weights)
    for unpack, pack in _COMPRESSIONS:
        plain = unpack(content)
        if plain is not None:
            other = _patch(plain, new_weights)
            return pack(other) if other and other != plain else b""
    return b""


def _random_weights(weights: Sequence[np.ndarray], seed: int) -> dict[float, float]:
    """Return a random replacement for each weight, of similar size, some with the opposite sign."""
    rng = random.Random(seed)
    old = sorted({float(value) for array in weights for value in np.asarray(array).ravel()} - {0.0})
    spread = float(np.median(np.abs(old))) if old else 1.0
    return {
        value: (value * rng.uniform(0.3, 1.1) + rng.gauss(0, 0.4) * spread)
        * (-1 if rng.random() < 0.2 else 1)
        for value in old
        if np.isfinite(value)
    }


def _random_moderate_weights(weights: Sequence[np.ndarray], seed: int) -> dict[float, float]:
    """Return a random replacement for each weight, of a size that neither saturates layers nor makes them constant."""
    rng = random.Random(seed)
    old = sorted({float(value) for array in weights for value in np.asarray(array).ravel()})
    return {value: rng.uniform(0.1, 1.5) * rng.choice((-1, 1)) for value in old if np.isfinite(value)}


def _replace_arrays(
    content: bytes, weights: Sequence[np.ndarray], new_weights: Mapping[float, float]
) -> bytes:
    """Return the file with the bytes of each weight array replaced; empty if no array was found."""
    new = content
    for array in weights:
        raw = np.ascontiguousarray(array, "<f8").tobytes()
        if (block := _replaced_block(raw, new_weights, {})) is not None:
            new = new.replace(raw, block)
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


def _patch(content: bytes, new_weights: Mapping[float, float]) -> bytes:
    if content.lstrip()[:1] == b"<":
        return _XML_PARAMETERS.sub(
            lambda match: match[1] + _patch_xml_numbers(match[2], new_weights) + match[3], content
        )
    try:
        return b"".join(_patched_pieces(content, new_weights))
    except (ValueError, KeyError, IndexError, OverflowError, struct.error):
        return (
            b""
            if content.startswith(b"\x80")
            else _TEXT_STRING.sub(lambda match: _patch_text_string(match, new_weights), content)
        )


def _patch_text_string(match: re.Match[bytes], new_weights: Mapping[float, float]) -> bytes:
    """Return a string of a protocol 0 pickle with other weights; unchanged if it has none."""
    try:
        block = _replaced_block(codecs.escape_decode(match[2])[0], new_weights, {})
    except ValueError:
        block = None
    return match[0] if block is None else b"S'" + b"".join(b"\\x%02x" % byte for byte in block) + b"'\n"


def _patch_xml_numbers(text: bytes, new_weights: Mapping[float, float]) -> bytes:
    def changed(match: re.Match[bytes]) -> bytes:
        weight = new_weights.get(float(match[0]))
        return match[0] if weight is None else repr(weight).encode()

    return _NUMBER.sub(changed, text)


def _patched_pieces(content: bytes, new_weights: Mapping[float, float]) -> Iterator[bytes]:
    """Yield the file in pieces, some of them replaced.

    Raises:
        ValueError: the content is not a pickle, or the length of a frame would change.
    """
    position, framed = 0, False
    single = {float(np.float32(value)): weight for value, weight in new_weights.items()}
    codes = [(code.name, argument, start or 0) for code, argument, start in pickletools.genops(content)]
    ends = [start for _, _, start in codes[1:]] + [len(content)]
    for (name, argument, start), end in zip(codes, ends, strict=True):
        framed = framed or name == "FRAME"
        new = _patched_opcode(name, argument, new_weights, single)
        if new is None:
            continue
        if framed and len(new) != end - start:
            raise ValueError("the length of a frame would change")
        yield content[position:start]
        yield new
        position = end
    yield content[position:]


def _patched_opcode(
    name: str, argument: object, new_weights: Mapping[float, float], single: Mapping[float, float]
) -> bytes | None:
    """Return an opcode with other weights; None if it contains no weights."""
    if name == "BINFLOAT" and argument in new_weights:
        return b"G" + struct.pack(">d", new_weights[float(str(argument))])
    if name == "FLOAT" and argument in new_weights:
        return b"F" + repr(new_weights[float(str(argument))]).encode() + b"\n"
    if isinstance(argument, str) and (name in _HEADS or name == "UNICODE"):
        try:
            raw = argument.encode("latin-1")
        except UnicodeError:
            return None
        block = _replaced_block(raw, new_weights, single)
        return None if block is None else _text_opcode(name, block)
    if isinstance(argument, (bytes, bytearray)) and name in _HEADS:
        block = _replaced_block(bytes(argument), new_weights, single)
        return None if block is None else _length_prefixed(name, block)
    return None


def _replaced_block(
    raw: bytes, new_weights: Mapping[float, float], single: Mapping[float, float]
) -> bytes | None:
    """Return the bytes of an array with its weights replaced; None if it contains other values."""
    for dtype in _DTYPES:
        known = new_weights if dtype.endswith("8") else single
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
