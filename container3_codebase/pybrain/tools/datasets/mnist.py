"""The MNIST database of handwritten digits, in its own file format (IDX)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets import SupervisedDataSet

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array, StrPath


_LABELS, _IMAGES = 2049, 2051


def _read(filename: StrPath, magic: int, fields: int) -> Any:
    """Return the header fields of an IDX file, and the bytes that follow."""
    content = Path(filename).read_bytes()
    found = int.from_bytes(content[:4], "big")
    size = 4 * (1 + fields)
    if found != magic or len(content) < size:
        raise ValueError(
            f"{filename} is not the expected IDX file: it begins with {found}, not {magic}, or is too short"
        )
    header = struct.unpack(f">{1 + fields}I", content[:size])
    pixels = np.frombuffer(content, dtype=np.uint8, offset=size)
    expected = int(np.prod(header[1:], dtype=np.int64))
    if len(pixels) != expected:
        raise ValueError(f"{filename} declares {expected} bytes of data, but holds {len(pixels)}")
    return header[1:], pixels


def labels(filename: StrPath) -> Any:
    """Return an iterator over the labels of a file, numbers 0 .. 9."""
    return iter(_read(filename, _LABELS, 1)[1].tolist())


def images(filename: StrPath) -> Any:
    """Return an iterator over the images of a file, arrays of shape (rows * columns,), 0 .. 255."""
    (count, rows, columns), pixels = _read(filename, _IMAGES, 3)
    return iter(pixels.reshape(count, rows * columns))


def flaggedArrayByIndex(idx: int, length: int) -> Array:
    """Return a one-hot vector, shape (length,), with a one at `idx`.

    Args:
        idx: index of the one.
        length: length of the vector.
    """
    flags = np.zeros(length)
    flags[idx] = 1.0
    return flags


def makeMnistDataSets(path: StrPath) -> tuple[Any, ...]:
    """Return (training, test) data sets from the four files in a folder.

    Inputs are the 784 pixels, 0 .. 255; targets have one column per digit.
    """
    sets = []
    for part in ("train", "t10k"):
        pixels = np.array(list(images(Path(path) / f"{part}-images-idx3-ubyte")), dtype=float)
        digits = list(labels(Path(path) / f"{part}-labels-idx1-ubyte"))
        sets.append(SupervisedDataSet(pixels, np.eye(10)[digits]))
    return tuple(sets)
