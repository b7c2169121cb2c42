"""Utilities used by the whole library: names, options, saving to files, and small helpers.

Intentionally lightweight: every module of :mod:`pybrain.structure` imports this one, so anything heavier than
NumPy itself is imported inside the function that needs it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from pybrain._portable import PortableState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from threading import Thread
    from typing import Any, BinaryIO, NoReturn, Self

    from pybrain._typing import AnyArray, Array, ArrayLike, StrPath


# --- options, names, files ---------------------------------------------------------------------------


def abstractMethod() -> NoReturn:
    """Raise NotImplementedError: the body of a method that a subclass must implement."""
    raise NotImplementedError("a subclass must implement this method")


def setAllArgs(obj: object, argdict: Mapping[str, Any]) -> None:
    """Set each option in ``argdict`` as an attribute of ``obj``, and remember it for XML files.

    Args:
        obj: the object; if it has an ``argdict``, the options are also recorded there.
        argdict: option name -> value.

    Raises:
        TypeError: ``obj`` does not have an option; the message lists the accepted ones.
    """
    for name, value in argdict.items():
        # Checked on the class, not the object: an object would generate a name when asked for it.
        if name not in obj.__dict__ and not hasattr(type(obj), name):
            accepted = ", ".join(_optionNames(type(obj))) or "none"
            raise TypeError(f"{type(obj).__name__} has no option {name!r}; accepted: {accepted}")
        setattr(obj, name, value)
        if isinstance(obj, XMLBuildable):
            if obj.argdict is None:
                obj.argdict = {}
            obj.argdict[name] = value


def _optionNames(cls: type) -> list[str]:
    """Return the public attributes of a class that are values, not methods, which setArgs may set."""
    names = set()
    for base in cls.__mro__:
        for name, value in vars(base).items():
            if name.startswith("_") or name == "argdict" or callable(value):
                continue
            if isinstance(value, property) and value.fset is None:
                continue
            if isinstance(value, (staticmethod, classmethod)):
                continue
            names.add(name)
    return sorted(names)


def _path(filename: StrPath) -> Path:
    from pathlib import Path

    return Path(filename)


class XMLBuildable:
    """Records the options it was created with, so that they can be written to a file.

    Attributes:
        argdict: option name -> value, as passed to :meth:`setArgs`; None until the first option.
    """

    argdict: dict[str, Any] | None = None

    def setArgs(self, **argdict: Any) -> None:
        """Set options by name; an unknown name raises a TypeError that lists the accepted ones."""
        if self.argdict is None:
            self.argdict = {}
        setAllArgs(self, argdict)

    def _xmlArguments(self) -> dict[str, Any]:
        """Return the options that an XML file needs to create an object like this one: option -> value."""
        return self.argdict or {}

    @classmethod
    def _fromXml(cls, *ends: Any, **arguments: Any) -> Self:
        """Create an object from its description in an XML file.

        Args:
            *ends: for connections, the mother, if there is one, and the two modules.
            **arguments: the options in the file.
        """
        return cls(*ends, **arguments)


def formatFromExtension(fname: StrPath) -> str | None:
    """Return the file format of a file name, which is its extension, or None.

    >>> formatFromExtension("net.pkl"), formatFromExtension("net")
    ('pkl', None)
    """
    from pathlib import PurePath

    return PurePath(fname).suffix[1:] or None


class Serializable:
    """Saving to and loading from files; the format is given by the extension or by name.

    A format ``xyz`` is supported if the class has methods ``save_xyz`` and ``load_xyz``; ``pkl`` and ``pickle``
    are the same. A file with any other extension, such as ``data.csv`` or ``data.ds``, is a pickle, as in PyBrain.
    """

    def saveToFileLike(self, flo: BinaryIO, format: str | None = None, **kwargs: Any) -> None:
        """Write this object to an open binary file.

        Args:
            flo: the file.
            format: the format; None for pickle.
            **kwargs: options of the format.
        """
        self._converter("save", format or "pickle")(self, flo, **kwargs)

    @classmethod
    def loadFromFileLike(cls, flo: BinaryIO, format: str | None = None) -> Any:
        """Read an object of this class from an open binary file.

        Args:
            flo: the file.
            format: the format; None for pickle.
        """
        return cls._converter("load", format or "pickle")(flo)

    def saveToFile(self, filename: StrPath, format: str | None = None, **kwargs: Any) -> None:
        """Write this object to a file.

        Args:
            filename: path of the file.
            format: the format; None to determine it from the extension.
            **kwargs: options of the format.
        """
        save = self._converter("save", format or self._formatOf("save", filename))
        with _path(filename).open("wb") as flo:
            save(self, flo, **kwargs)

    @classmethod
    def loadFromFile(cls, filename: StrPath, format: str | None = None) -> Any:
        """Read an object of this class from a file. A pickle can run code: load only trusted files.

        Args:
            filename: path of the file.
            format: the format; None to determine it from the extension.
        """
        load = cls._converter("load", format or cls._formatOf("load", filename))
        with _path(filename).open("rb") as flo:
            obj = load(flo)
        obj.filename = filename
        return obj

    def save_pickle(self, flo: BinaryIO, protocol: int = 0) -> None:
        """Write a pickle.

        Args:
            flo: the file.
            protocol: the pickle protocol; 0 as in PyBrain.
        """
        import pickle

        pickle.dump(self, flo, protocol)

    @classmethod
    def load_pickle(cls, flo: BinaryIO) -> Any:
        """Read a pickle, including those written by Python 2."""
        import pickle

        return pickle.load(flo, encoding="latin1")

    @classmethod
    def _formatOf(cls, verb: str, filename: StrPath) -> str:
        format = formatFromExtension(filename) or "pickle"
        return format if hasattr(cls, f"{verb}_{format}") else "pickle"

    @classmethod
    def _converter(cls, verb: str, format: str) -> Callable[..., Any]:
        format = "pickle" if format == "pkl" else format
        found = getattr(cls, f"{verb}_{format}", None)
        if found is None:
            known = sorted(n.split("_", 1)[1] for n in dir(cls) if n.startswith(f"{verb}_"))
            expected = f"{'one of ' if len(known) > 1 else ''}{', '.join(known)}"
            raise ValueError(f"{cls.__name__} cannot {verb} format {format!r}; expected {expected}")
        return found


class Named(PortableState, XMLBuildable):
    """Objects with a name; if it is None, ``ClassName-N`` is generated on first use.

    N counts up over the whole process. Objects are compared by identity, not by name: networks keep
    their modules in sets and as keys of dictionaries, even while a file is being read and names are
    not yet set.
    """

    _nameIds = itertools.count(0)
    _name: str | None = None

    def getName(self) -> str:
        """Return the name; generate one if there is none."""
        if self._name is None:
            self._name = self._generateName()
        return self._name

    def setName(self, newname: str | None) -> None:
        """Set the name; with None, a name is generated when it is needed."""
        self._name = newname

    name = property(getName, setName, doc="The name: given, or ``ClassName-N``.")

    def _generateName(self) -> str:
        return f"{type(self).__name__}-{next(Named._nameIds)}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def nameAll(items: Iterable[Any]) -> None:
    """Generate names for unnamed items, so that sorting by name keeps their order.

    Networks sort connections by name as strings, and as strings 'FullConnection-10' comes before
    'FullConnection-9': the layout of ``net.params`` would depend on the number of names generated earlier in
    the same process. The numbers of one batch therefore never cross a power of ten.
    """
    numbered = Named._generateName
    unnamed = [i for i in items if i._name is None and type(i)._generateName is numbered]
    if not unnamed:
        return
    first = next(Named._nameIds)
    last = first + len(unnamed) - 1
    if len(str(first)) != len(str(last)):
        first = 10 ** len(str(first))
        while len(str(first)) != len(str(first + len(unnamed) - 1)):
            first *= 10
    for number, item in enumerate(unnamed, first):
        item._name = f"{type(item).__name__}-{number}"
    Named._nameIds = itertools.count(first + len(unnamed))


class DivergenceError(Exception):
    """A process that should have converged grew without bound.

    Attributes:
        epoch: the epoch in which training diverged; None elsewhere.
        learningrate: the learning rate of that epoch; None elsewhere.
    """

    epoch: int | None = None
    learningrate: float | None = None


# --- drawing at random (NumPy's global generator) ---------------------------------------------------------


def drawIndex(probs: ArrayLike, tolerant: bool = False) -> int:
    """Draw an index with the given probabilities.

    Args:
        probs: probabilities of 0 .. n - 1, which must sum to 1. The random number comes from Python's ``random``.
        tolerant: whether to accept any other sum and divide the numbers by it.

    Raises:
        ValueError: the sum is not 1 (or, if tolerant, not positive).
    """
    import random

    p = np.asarray(probs, dtype=float)
    total = p.sum()
    if not (total > 0 if tolerant else abs(total - 1) < 1e-5):
        raise ValueError(f"the probabilities sum to {total}, not to 1")
    ends = np.cumsum(p / total)
    return min(int(np.searchsorted(ends, random.random(), side="right")), len(p) - 1)


def drawGibbs(vals: ArrayLike, temperature: float = 1.0) -> int:
    """Draw an index with probabilities proportional to ``exp(value / temperature)``.

    Args:
        vals: values, shape (n,).
        temperature: temperature; at 0, one of the largest values is drawn.
    """
    values = np.asarray(vals, dtype=float)
    if temperature == 0:
        return r_argmax(values)
    weights = np.exp((values - values.max()) / temperature)
    return drawIndex(weights, tolerant=True)


def r_argmax(v: ArrayLike) -> int:
    """Return the index of the largest value; if several are equal, one of them at random."""
    import random

    return random.choice(all_argmax(v))


def all_argmax(x: ArrayLike) -> list[int]:
    """Return the indices of all values that equal the largest."""
    values = np.asarray(x)
    return [int(i) for i in np.flatnonzero(values == values.max())]


def dense_orth(dim: int) -> Array:
    """Draw a random orthogonal matrix, shape (dim, dim)."""
    return np.linalg.qr(np.random.randn(dim, dim))[0]


def sparse_orth(d: int) -> Array:
    """Draw a random sparse orthogonal matrix, shape (d, d): a product of plane rotations."""
    result = np.eye(d)
    order = np.random.permutation(d)
    for i, j in zip(order, np.roll(order, 1), strict=True):
        if i != j:
            angle = np.random.random() * 2 * np.pi
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            result[[i, j]] = turn @ result[[i, j]]
    return result


def seedit(seed: int = 0) -> None:
    """Seed both generators that this library uses: the standard library's and NumPy's global one."""
    import random

    random.seed(seed)
    np.random.seed(seed)


# --- classes as numbers, vectors, bits --------------------------------------------------------------------


def one_to_n(val: int, maxval: int) -> Array:
    """Return a vector of ``maxval`` zeros with a 1 at index ``val``.

    Args:
        val: the index.
        maxval: length of the vector.
    """
    result = np.zeros(maxval)
    result[int(val)] = 1
    return result


def n_to_one(arr: ArrayLike) -> int:
    """Return the index of the first 1 in a vector; the inverse of :func:`one_to_n`."""
    return int(np.flatnonzero(np.asarray(arr) == 1)[0])


def percentError(out: ArrayLike, true: ArrayLike) -> float:
    """Return the percentage of entries in which two arrays differ.

    Args:
        out: the outputs.
        true: the expected outputs, of the same length.

    Raises:
        ValueError: the lengths differ; the message gives both.
    """
    found, wanted = np.asarray(out).ravel(), np.asarray(true).ravel()
    if len(found) != len(wanted):
        raise ValueError(f"{len(found)} outputs cannot be compared with {len(wanted)} targets")
    return 100.0 * float((found != wanted).mean())


def int2gray(i: int) -> int:
    """Return the Gray code of an integer, as an integer.

    >>> [int2gray(i) for i in range(4)]
    [0, 1, 3, 2]
    """
    return i ^ (i >> 1)


def gray2int(g: int, size: int) -> int:
    """Return the integer of a Gray code.

    Args:
        g: the code, as an integer.
        size: number of bits.
    """
    shift = 1
    while shift < size:
        g ^= g >> shift
        shift *= 2
    return g


def asBinary(i: int) -> str:
    """Return the bits of an integer as a string, highest first.

    >>> asBinary(6)
    '110'
    """
    return format(i, "b")


def binArr2int(arr: Iterable[Any]) -> int:
    """Return the integer whose bits are in ``arr``, highest first, padded with zeros to whole bytes."""
    bits = np.array(list(arr)).astype(bool)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


# --- tuples, dictionaries, combinations -------------------------------------------------------------------


def iterCombinations(tup: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Return all tuples of integers with ``0 <= x[k] < tup[k]``, the last varying fastest."""
    return itertools.product(*(range(n) for n in tup))


def crossproduct(
    ss: Iterable[Iterable[Any]], row: Iterable[Any] | None = None, level: int = 0
) -> list[list[Any]]:
    """Return all lists with one item from each of ``ss``, the last varying fastest.

    Args:
        ss: sequences of items.
        row: initial items of every list.
        level: number of sequences in ``ss`` to skip at the beginning.
    """
    begin = list(row or [])
    return [begin + list(items) for items in itertools.product(*list(ss)[level:])]


def tupleRemoveItem(tup: Iterable[Any], index: int) -> tuple[Any, ...]:
    """Return a tuple without the item at ``index``.

    Args:
        tup: the tuple.
        index: index of the item.
    """
    return tuple(item for i, item in enumerate(tup) if i != index)


def decrementAny(tup: Sequence[int]) -> list[tuple[int, ...]]:
    """Return all tuples in which one item of ``tup`` is smaller by 1, but not below 0.

    >>> decrementAny((1, 0, 2))
    [(0, 0, 2), (1, 0, 1)]
    """
    return [(*tup[:i], n - 1, *tup[i + 1 :]) for i, n in enumerate(tup) if n > 0]


def matchingDict(d: Mapping[Any, Any], selection: Mapping[Any, Any], require_existence: bool = False) -> bool:
    """Return whether ``d`` agrees with ``selection``.

    Args:
        d: a dictionary.
        selection: key -> expected value, list of accepted values, or predicate.
        require_existence: whether all keys of ``selection`` must be in ``d``.
    """
    for key, wanted in selection.items():
        if key not in d:
            if require_existence:
                return False
        elif callable(wanted):
            if not wanted(d[key]):
                return False
        elif isinstance(wanted, list):
            if d[key] not in wanted:
                return False
        elif d[key] != wanted:
            return False
    return True


def subDict(d: Mapping[Any, Any], allowedkeys: Collection[Any], flip: bool = False) -> dict[Any, Any]:
    """Return the part of a dictionary with these keys, or without them.

    Args:
        d: the dictionary.
        allowedkeys: the keys.
        flip: whether to return the part without the keys.
    """
    return {key: value for key, value in d.items() if (key in allowedkeys) != flip}


def dictCombinations(listdict: Mapping[Any, Any]) -> list[dict[Any, Any]]:
    """Return all dictionaries with one of the listed values for each key.

    Args:
        listdict: key -> list of values; a value that is not a list or tuple is the only one.
    """
    keys = list(listdict)
    lists = [v if isinstance(v, (list, tuple)) else [v] for v in listdict.values()]
    return [dict(zip(keys, values, strict=True)) for values in itertools.product(*lists)]


def reachable(
    stepFunction: Callable[[Any], Iterable[Any]],
    start: Iterable[Any],
    destinations: Collection[Any],
    _alreadyseen: Iterable[Any] | None = None,
) -> dict[Any, int]:
    """Determine which destinations can be reached, and in how many steps.

    Args:
        stepFunction: item -> the items one step away.
        start: the initial items, a list.
        destinations: the items to find; the search does not continue beyond them.

    Returns:
        destination -> smallest number of steps.
    """
    seen = set(_alreadyseen or ()) | set(start)
    found = {item: 0 for item in start if item in destinations}
    border = [item for item in start if item not in destinations]
    steps = 0
    while border:
        steps += 1
        following = []
        for item in border:
            for new in stepFunction(item):
                if new in seen:
                    continue
                seen.add(new)
                if new in destinations:
                    found[new] = steps
                else:
                    following.append(new)
        border = following
    return found


def flood(
    stepFunction: Callable[[Any], Iterable[Any]],
    fullSet: Iterable[Any],
    initSet: Iterable[Any],
    relevant: Iterable[Any] | None = None,
) -> list[Any]:
    """Find all items that can be reached step by step.

    Args:
        stepFunction: item -> the items one step away.
        fullSet: the items that may be entered.
        initSet: the initial items; those that are not in ``fullSet`` are ignored.
        relevant: stop as soon as all of these are reached.

    Returns:
        The items reached, in any order.
    """
    allowed = set(fullSet)
    reached = set(initSet) & allowed
    border = list(reached)
    while border and not (relevant is not None and set(relevant) <= reached):
        following = {new for item in border for new in stepFunction(item)} & allowed - reached
        reached |= following
        border = list(following)
    return list(reached)


# --- arrays -----------------------------------------------------------------------------------------------


def permute(arr: ArrayLike, permutation: ArrayLike) -> AnyArray:
    """Return the rows of an array in another order: row ``k`` of the result is row ``permutation[k]``.

    Args:
        arr: the array, shape (n, ...).
        permutation: a permutation of 0 .. n - 1.
    """
    return np.asarray(arr)[np.asarray(permutation, dtype=int)]


def permuteToBlocks(arr: ArrayLike, blockshape: Sequence[int]) -> AnyArray:
    """Return the entries of an array block by block, as a flat array.

    Args:
        arr: an array whose shape is a multiple of the block shape.
        blockshape: the shape of a block.

    Returns:
        The entries of the first block, row by row, then those of the next.
    """
    arr = np.asarray(arr)
    if arr.ndim != len(blockshape) or any(n % b for n, b in zip(arr.shape, blockshape, strict=True)):
        raise ValueError(f"shape {arr.shape} cannot be divided into blocks of {tuple(blockshape)}")
    split = [k for n, b in zip(arr.shape, blockshape, strict=True) for k in (n // b, b)]
    blocks = arr.reshape(split)
    axes = [*range(0, 2 * arr.ndim, 2), *range(1, 2 * arr.ndim, 2)]
    return blocks.transpose(axes).reshape(-1)


def permuteToBlocks2d(arr: ArrayLike, blockheight: int, blockwidth: int) -> AnyArray:
    """Apply :func:`permuteToBlocks` to a matrix, shape (height, width).

    Args:
        arr: the matrix, shape (height, width).
        blockheight: height of a block.
        blockwidth: width of a block.
    """
    return permuteToBlocks(arr, (blockheight, blockwidth))


def permuteToBlocks3d(arr: ArrayLike, blockdepth: int, blockheight: int, blockwidth: int) -> AnyArray:
    """Apply :func:`permuteToBlocks` to an array of shape (depth, height, width).

    Args:
        arr: the array, shape (depth, height, width).
        blockdepth: depth of a block.
        blockheight: height of a block.
        blockwidth: width of a block.
    """
    return permuteToBlocks(arr, (blockdepth, blockheight, blockwidth))


def triu2flat(m: ArrayLike) -> AnyArray:
    """Return the upper triangle of a square matrix, row by row, as a flat array."""
    m = np.asarray(m)
    return m[np.triu_indices(len(m))]


def flat2triu(a: ArrayLike, dim: int) -> Array:
    """Return the upper triangular matrix of shape (dim, dim) from :func:`triu2flat`'s array.

    Args:
        a: the entries row by row, shape (dim * (dim + 1) / 2,).
        dim: size of the matrix.
    """
    result = np.zeros((dim, dim))
    result[np.triu_indices(dim)] = a
    return result


def blockList2Matrix(l: Sequence[Any]) -> Array:  # noqa: E741, PyBrain's name
    """Return the block diagonal matrix with these square matrices on its diagonal."""
    size = sum(len(block) for block in l)
    result = np.zeros((size, size))
    at = 0
    for block in l:
        result[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return result


def blockCombine(l: Iterable[Iterable[ArrayLike]]) -> AnyArray:  # noqa: E741, PyBrain's name
    """Assemble one matrix from a list of lists of matrices, in their layout."""
    return np.block([[np.asarray(block) for block in row] for row in l])


def xhash(arr: ArrayLike) -> str:
    """Return a hash that is equal for equal arrays in all processes: the SHA-1 of their bytes in hexadecimal."""
    import hashlib

    array = np.ascontiguousarray(arr)
    return hashlib.sha1(array.tobytes(), usedforsecurity=False).hexdigest()


def uniqueArrays(vs: Iterable[Any]) -> list[Any]:
    """Return the distinct arrays, each once, in order of appearance."""
    seen, result = set(), []
    for v in vs:
        key = np.asarray(v).tobytes()
        if key not in seen:
            seen.add(key)
            result.append(v)
    return result


# --- numbers and text -------------------------------------------------------------------------------------


def linscale(d: ArrayLike, lim: Sequence[float]) -> Array:
    """Scale an array linearly to the range from ``lim[0]`` to ``lim[1]``.

    Args:
        d: the array.
        lim: (minimum, maximum) of the result.
    """
    d = np.asarray(d, dtype=float)
    low, high = d.min(), d.max()
    if low == high:
        return np.full(d.shape, float(lim[0]))
    return (d - low) * (lim[1] - lim[0]) / (high - low) + lim[0]


def fListToString(a_list: Iterable[float], a_precision: int = 3) -> str:
    """Format numbers in columns.

    >>> fListToString([1.23456, -7.8901, 2])
    '[1.235 , -7.89 , 2     ]'

    Args:
        a_list: the numbers.
        a_precision: maximum number of digits after the point.
    """
    rounded = (round(float(np.asarray(x).item()), a_precision) for x in a_list)
    return "[" + ", ".join(f"{x:g}".ljust(a_precision + 3) for x in rounded) + "]"


def confidenceIntervalSize(stdev: float, nbsamples: int) -> float:
    """Return the width of the 95 % confidence interval of a mean: 2 * 1.98 s / sqrt(n), with PyBrain's 1.98.

    Args:
        stdev: standard deviation of the samples, s.
        nbsamples: number of samples, n.
    """
    return float(2 * 1.98 * stdev / np.sqrt(nbsamples))


def avgFoundAfter(
    decreasingTargetValues: Iterable[float],
    listsOfActualValues: Sequence[ArrayLike],
    batchSize: int = 1,
    useMedian: bool = False,
) -> Array:
    """Return the average number of evaluations after which runs reached given values.

    Args:
        decreasingTargetValues: the target values, in decreasing order.
        listsOfActualValues: one list of values per run, one value per batch.
        batchSize: number of evaluations per batch.
        useMedian: whether to use the median instead of the mean.

    Returns:
        An array with the number of evaluations for each target: those of the batches before the first that reached it.
        A run that never reached it counts with all evaluations of the longest run.
    """
    average = np.median if useMedian else np.mean
    longest = max((len(np.atleast_1d(values)) for values in listsOfActualValues), default=0)
    result = []
    for target in decreasingTargetValues:
        needed = []
        for values in listsOfActualValues:
            reached = np.flatnonzero(np.asarray(values, dtype=float) <= target)
            needed.append(batchSize * (int(reached[0]) if len(reached) else longest))
        result.append(average(needed))
    return np.array(result)


def weightedUtest(g1: ArrayLike, w1: ArrayLike, g2: ArrayLike, w2: ArrayLike) -> float:
    """Compute the probability that a value of the first group is larger than one of the second, by a rank test.

    Source: the U statistic of Mann and Whitney, 1947, with weights, normally approximated.

    Args:
        g1: values of the first group.
        w1: their weights.
        g2: values of the second group.
        w2: their weights.

    Returns:
        A number between 0 and 1; 0.5 if the groups do not differ.
    """
    from math import erf, sqrt

    g1, w1, g2, w2 = (np.asarray(a, dtype=float) for a in (g1, w1, g2, w2))
    n1, n2 = w1.sum(), w2.sum()
    above = np.sign(g1[:, None] - g2[None, :]) / 2 + 0.5
    u = (w1[:, None] * w2[None, :] * above).sum()
    spread = sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
    return 0.5 * (1 + erf((u - n1 * n2 / 2) / spread / sqrt(2)))


def canonicClassString(x: object) -> str:
    """Return the qualified name of a class, or of an object's class: 'package.module.Class'."""
    cls = x if isinstance(x, type) else type(x)
    return f"{cls.__module__}.{cls.__qualname__}"


def _import(name: str) -> Any:
    """Import the module or object with a qualified name. Never use it on a name from a file."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        module, _, attribute = name.rpartition(".")
        if not module:
            raise
        return getattr(importlib.import_module(module), attribute)


# --- decorators ---------------------------------------------------------------------------


def trace(func: Callable[..., Any]) -> Callable[..., Any]:
    """Print each call of ``func`` and its result."""
    import functools

    @functools.wraps(func)
    def traced(*args: Any, **kwargs: Any) -> Any:
        print(f"{func.__name__}{args}{kwargs or ''}")
        result = func(*args, **kwargs)
        print(f"{func.__name__} -> {result!r}")
        return result

    return traced


def threaded(
    callback: Callable[..., Any] = lambda *args, **kwargs: None, daemonic: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run each call of a function in its own thread.

    Args:
        callback: called with the result of the function, in that thread.
        daemonic: whether the program may exit before the thread ends.

    Returns:
        A decorator; the decorated function returns the started thread.
    """

    def decorate(func: Callable[..., Any]) -> Callable[..., Thread]:
        import functools
        import threading

        @functools.wraps(func)
        def run(*args: Any, **kwargs: Any) -> Thread:
            thread = threading.Thread(target=lambda: callback(func(*args, **kwargs)), daemon=daemonic)
            thread.start()
            return thread

        return run

    return decorate


def garbagecollect(func: Callable[..., Any]) -> Callable[..., Any]:
    """Collect garbage before and after each call of ``func``."""
    import functools

    @functools.wraps(func)
    def collected(*args: Any, **kwargs: Any) -> Any:
        import gc

        gc.collect()
        try:
            return func(*args, **kwargs)
        finally:
            gc.collect()

    return collected


def memoize(func: Callable[..., Any]) -> Callable[..., Any]:
    """Compute each result of ``func`` once; the arguments must be hashable."""
    import functools

    results: dict[Any, Any] = {}

    @functools.wraps(func)
    def remembered(*args: Any, **kwargs: Any) -> Any:
        key = (args, frozenset(kwargs.items()))
        if key not in results:
            results[key] = func(*args, **kwargs)
        return results[key]

    return remembered


def storeCallResults(obj: Any, verbose: bool = False) -> list[Any]:
    """Store the results of all calls of a function object.

    Args:
        obj: an object of a class with ``__call__``; the class is replaced by a subclass.
        verbose: whether to print each result.

    Returns:
        The list to which results are added.
    """
    results = []
    cls = type(obj)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = cls.__call__(self, *args, **kwargs)
        results.append(result)
        if verbose:
            print(result)
        return result

    obj.__class__ = type(cls.__name__, (cls,), {"__call__": call})
    return results


def multiEvaluate(repeat: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function return the mean of ``repeat`` calls.

    Args:
        repeat: number of calls.

    Returns:
        A decorator.
    """

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        import functools

        @functools.wraps(func)
        def averaged(*args: Any, **kwargs: Any) -> Any:
            return sum(func(*args, **kwargs) for _ in range(repeat)) / float(repeat)

        return averaged

    return decorate
