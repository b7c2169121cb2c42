"""The few calls that a PyBrain pickle makes, each implemented by a function here; any other call is refused.

A pickle creates objects by calling a name. Here the name is an entry of the allow-list, and the role of the entry
selects one of these functions. No other code can be reached from a file.
"""

from __future__ import annotations

from collections.abc import Callable

from pybrain_runtime.errors import KnowledgeError, UnsafeKnowledge
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.pickle.arrays import ArrayBuilder
from pybrain_runtime.loading.values import ArrayValue, DtypeValue, Instance
from pybrain_runtime.network.allow_list import Global

_PLAIN_KEYS = (str, bytes, int, float, bool, type(None), Instance, Global)
_LARGEST_KEY = 1 << 64
SET_SIZE = 232
"""Bytes of an empty set; other empty values take a quarter of that."""
_LOWER_HALF = (1 << 32) - 1


class Calls:
    """Carries out calls, and sets the state of objects.

    Args:
        name: the name of the file, for messages.
        limits: the limits of reading.
        budget: what is left of the limits.
    """

    def __init__(self, name: str, limits: Limits, budget: Budget) -> None:
        self.name = name
        self.arrays = ArrayBuilder(name, limits.array_elements, budget)
        self._limits = limits
        self._budget = budget
        self._copies = limits.copied_items
        self._tuples: dict[int, object] = {}
        self._collisions = limits.key_collisions
        self._functions: dict[str, Callable[[tuple[object, ...]], object]] = {
            "set": self._set,
            "frozenset": self._frozenset,
            "bytes": self._bytes,
            "reconstructor": self._reconstructor,
            "encode": self._encode,
            "dtype": self._dtype,
            "array": self._array,
            "ndarray": self._empty_array,
            "scalar": self._scalar,
            "frombuffer": self._frombuffer,
        }

    def call(self, target: object, args: object) -> object:
        """Return the result of ``target(*args)``.

        Args:
            target: an entry of the allow-list.
            args: a tuple of arguments.

        Raises:
            UnsafeKnowledge: the call, or a call with these arguments, is not allowed.
        """
        if not isinstance(args, tuple) or not isinstance(target, Global):
            raise self._refused("calls something that is not on the allow-list")
        if target.family == "data set":
            return Instance(target, args)
        if target.role not in self._functions:
            raise self._refused(f"calls {target.path}")
        return self._functions[target.role](args)

    def new(self, target: object, args: object) -> Instance:
        """Return an empty object of a PyBrain class, in place of ``object.__new__``.

        Args:
            target: the entry of the class.
            args: must be empty.

        Raises:
            UnsafeKnowledge: the target is not such a class, or there are arguments.
        """
        if not isinstance(target, Global) or target.family == "function" or args != ():
            raise self._refused("creates an object in a way that PyBrain does not")
        return Instance(target)

    def build(self, target: object, state: object) -> None:
        """Set the state of an object, an array or a dtype, once.

        Args:
            target: the object.
            state: its pickled state.

        Raises:
            UnsafeKnowledge: the target is something else, or already has a state.
        """
        if isinstance(target, ArrayValue):
            self.arrays.fill(target, state)
        elif isinstance(target, DtypeValue):
            self.arrays.set_order(target, state)
        elif isinstance(target, Instance):
            self._attributes(target, state)
        else:
            raise self._refused("sets attributes on something that is not an object of the network")

    def key(self, value: object) -> object:
        """Return a value that is allowed as a key of a dict or as a member of a set.

        PyBrain's keys are names, numbers, modules, and pairs of these. Nested tuples are refused, because hashing them
        is recursive. Integers beyond 64 bits and tuples with colliding hashes are refused: Python's hash of numbers is
        the same in all processes, so that a file could make every lookup linear in the size of the dict. Long text is
        refused, because equal text is compared to its end.

        Raises:
            KnowledgeError: the value is not allowed, or exceeds a limit.
        """
        if isinstance(value, tuple):
            if len(value) > self._limits.key_parts:
                raise self._limit_exceeded("items of a tuple that is a key", self._limits.key_parts)
            for part in value:
                self._plain_key(part)
            self._count_collision(value)
        else:
            self._plain_key(value)
        return value

    def new_set(self) -> set[object]:
        """Return an empty set. Its memory is charged, because it is four times as large as any other empty value."""
        self._budget.charge(SET_SIZE)
        return set()

    def _plain_key(self, part: object) -> None:
        if not isinstance(part, _PLAIN_KEYS) or (isinstance(part, int) and abs(part) > _LARGEST_KEY):
            what = "an integer beyond 64 bits" if isinstance(part, int) else f"a {type(part).__name__}"
            raise KnowledgeError(f"{self.name} is damaged: a key is {what}.")
        if isinstance(part, str | bytes) and len(part) > self._limits.name_length:
            raise self._limit_exceeded("characters in a key", self._limits.name_length)

    def _count_collision(self, value: tuple[object, ...]) -> None:
        if self._tuples.setdefault(hash(value) & _LOWER_HALF, value) != value:
            self._collisions -= 1
        if self._collisions < 0:
            raise KnowledgeError(
                f"{self.name} exceeds the limit of {self._limits.key_collisions} keys with colliding hashes."
            )

    def _limit_exceeded(self, what: str, limit: int) -> KnowledgeError:
        return self._budget.limit_exceeded(what, limit)

    def _attributes(self, target: Instance, state: object) -> None:
        if target.built or not isinstance(state, dict):
            raise self._refused(f"sets the attributes of a {target.kind} in a way that PyBrain does not")
        self._charge(len(state))
        for key in state:
            if type(key) is not str:
                raise self._refused(f"sets attributes of a {target.kind} whose names are not text")
        target.state = dict(state)
        target.built = True

    def _charge(self, count: int) -> None:
        self._copies -= count
        if self._copies < 0:
            raise KnowledgeError(
                f"{self.name} exceeds the limit of {self._limits.copied_items:,} copied items."
            )

    def _set(self, args: tuple[object, ...]) -> set[object]:
        if not args:
            return self.new_set()
        if len(args) != 1 or not isinstance(args[0], list | tuple):
            raise self._refused("creates a set from something that is not a list")
        self._charge(len(args[0]))
        self._budget.charge(SET_SIZE)
        return {self.key(item) for item in args[0]}

    def _frozenset(self, args: tuple[object, ...]) -> frozenset[object]:
        self._budget.charge(SET_SIZE)
        return frozenset(self._set(args))

    def _bytes(self, args: tuple[object, ...]) -> bytes:
        if args:
            raise self._refused("calls bytes with an argument")
        return b""

    def _reconstructor(self, args: tuple[object, ...]) -> Instance:
        base = args[1] if len(args) == 3 and args[2] is None else None
        if not isinstance(base, Global) or base.role != "object":
            raise self._refused("creates an object in a way that PyBrain does not")
        return self.new(args[0], ())

    def _encode(self, args: tuple[object, ...]) -> bytes:
        if len(args) != 2 or not isinstance(args[0], str) or args[1] != "latin1":
            raise self._refused("encodes text in a way that NumPy does not")
        self._budget.charge(len(args[0]))
        return args[0].encode("latin1")

    def _dtype(self, args: tuple[object, ...]) -> DtypeValue:
        if len(args) != 3:
            raise self._refused("creates an array type in a way that NumPy does not")
        return self.arrays.dtype(args[0])

    def _array(self, args: tuple[object, ...]) -> ArrayValue:
        base = args[0] if len(args) == 3 else None
        if not isinstance(base, Global) or base.role != "ndarray":
            raise self._refused("creates an array in a way that NumPy does not")
        return ArrayValue()

    def _empty_array(self, args: tuple[object, ...]) -> ArrayValue:
        # This project's library writes arrays in this way, using names that NumPy 1 and 2 have in common.
        if args != ((0,),):
            raise self._refused("creates an array in a way that NumPy does not")
        return ArrayValue()

    def _scalar(self, args: tuple[object, ...]) -> object:
        if len(args) != 2:
            raise self._refused("creates a scalar with arguments that NumPy does not write")
        return self.arrays.scalar(args[0], args[1])

    def _frombuffer(self, args: tuple[object, ...]) -> ArrayValue:
        if len(args) != 4:
            raise self._refused("creates an array in a way that NumPy does not")
        return self.arrays.build(*args)

    def _refused(self, what: str) -> UnsafeKnowledge:
        return UnsafeKnowledge(
            f"{self.name} {escaped(what)}, which a PyBrain network never does; the file was not executed."
        )
