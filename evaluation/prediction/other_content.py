"""Replace a file by one with other numbers that a program reads as well: a table, a JSON document, NumPy arrays."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from evaluation.prediction.replacement_rows import with_other_numbers
from evaluation.submission.submission import decode_text

# Bytes that are read or replaced of a file, and of the arrays in it.
_LARGEST, _LARGEST_ARRAYS = 4 * 1024 * 1024, 32 * 1024 * 1024
TABLES = (".csv", ".tsv", ".txt")
_ARRAYS = (".npz", ".npy")
# What reading a damaged file raises; an encrypted or an unknown entry of an archive is a RuntimeError.
_DAMAGED = (
    ValueError,
    OSError,
    EOFError,
    TypeError,
    KeyError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)


def write_other_content(file: Path, target: Path, seed: int) -> bool:
    """Write a file that replaces another one: the same form with other numbers, else as many other bytes.

    Args:
        file: the file.
        target: the file that is written.
        seed: of the random choices.

    Returns:
        Whether it has the form of the other one, so that a program reads it as well.
    """
    content = file.read_bytes()
    other = _with_numbers(file.suffix.lower(), content, seed) if len(content) <= _LARGEST else None
    if other is None or other == content:
        target.write_bytes(bytes((byte + 1 + seed % 254) % 256 for byte in content[:_LARGEST]) or b"replaced")
        return False
    target.write_bytes(other)
    return True


def _with_numbers(suffix: str, content: bytes, seed: int) -> bytes | None:
    """Return a file with other numbers; None where its form is not known."""
    if suffix in _ARRAYS:
        return _other_arrays(content, seed)
    if b"\0" in content or suffix not in (*TABLES, ".json"):
        return None
    text = decode_text(content)[0]
    return with_other_numbers(text, seed).encode() if suffix in TABLES else _other_json(text, seed)


def _other_json(text: str, seed: int) -> bytes | None:
    """Return a JSON document with other numbers: those with a fraction, or all of them where none has one."""
    rng = random.Random(seed)
    try:
        data: object = json.loads(text)
        fractions = _has_fraction(data)
        new = json.dumps(_other_value(data, rng, fractions))
    except (ValueError, RecursionError):
        return None
    return new.encode() if json.loads(new) != data else None


def _has_fraction(value: object) -> bool:
    if isinstance(value, (dict, list)):
        return any(map(_has_fraction, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def _other_value(value: object, rng: random.Random, fractions: bool) -> object:
    if isinstance(value, dict):
        return {key: _other_value(item, rng, fractions) for key, item in value.items()}
    if isinstance(value, list):
        return [_other_value(item, rng, fractions) for item in value]
    if isinstance(value, float):
        return (value or 1.0) * rng.uniform(-2, 2)
    if isinstance(value, int) and not isinstance(value, bool) and not fractions:
        return value + rng.randint(1, 9)
    return value


def _other_arrays(content: bytes, seed: int) -> bytes | None:
    """Return NumPy arrays with other numbers where they have a fraction; None where no array has."""
    rng = np.random.default_rng(seed)
    try:
        arrays = _read_arrays(content)
    except _DAMAGED:
        return None
    new = {
        name: (array * rng.uniform(-2, 2, array.shape)).astype(array.dtype)
        if array.dtype.kind == "f"
        else array
        for name, array in arrays.items()
    }
    if all(np.array_equal(array, new[name]) for name, array in arrays.items()):
        return None
    file = io.BytesIO()
    if "" in new:
        np.save(file, new[""], allow_pickle=False)
    else:
        np.savez(file, allow_pickle=False, **new)
    return file.getvalue()


def _read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of a file by their names; that of an .npy file has an empty one."""
    if content[:2] != b"PK":
        return {"": np.load(io.BytesIO(content), allow_pickle=False)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_ARRAYS:
            raise ValueError("the arrays are too large")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
