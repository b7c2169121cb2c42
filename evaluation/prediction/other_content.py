"""Replace a file by one with other numbers that a program can still read: a table, JSON document or NumPy array."""

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

# Maximum number of bytes that are read or replaced: of a file, and of the arrays in it.
_LARGEST, _LARGEST_ARRAYS = 4 * 1024 * 1024, 32 * 1024 * 1024
TABLES = (".csv", ".tsv", ".txt")
_ARRAYS = (".npz", ".npy")
# Exceptions raised while a damaged file is read; RuntimeError for an encrypted or unknown archive entry.
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
    """Write a replacement for a file: the same format with other numbers, else as many random bytes.

    Args:
        file: the file to replace.
        target: the path of the replacement to write.
        seed: seed of the random numbers.

    Returns:
        Whether the replacement has the same format, so that a program can read it.
    """
    content = file.read_bytes()
    other = _with_numbers(file.suffix.lower(), content, seed) if len(content) <= _LARGEST else None
    if other is None or other == content:
        target.write_bytes(bytes((byte + 1 + seed % 254) % 256 for byte in content[:_LARGEST]) or b"replaced")
        return False
    target.write_bytes(other)
    return True


def _with_numbers(suffix: str, content: bytes, seed: int) -> bytes | None:
    """Return the content with other numbers; None if its format is not supported."""
    if suffix in _ARRAYS:
        return _other_arrays(content, seed)
    if b"\0" in content or suffix not in (*TABLES, ".json"):
        return None
    text = decode_text(content)[0]
    return with_other_numbers(text, seed).encode() if suffix in TABLES else _other_json(text, seed)


def _other_json(text: str, seed: int) -> bytes | None:
    """Return a JSON document in which numbers with a fraction are replaced, or all numbers if none has one."""
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
    """Return NumPy arrays in which numbers with a fraction are replaced; None if there are none."""
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
    """Return the arrays of a file by name; the name is empty for an .npy file."""
    if content[:2] != b"PK":
        return {"": np.load(io.BytesIO(content), allow_pickle=False)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_ARRAYS:
            raise ValueError("the arrays are too large")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
