"""The state of the pickle machine: a stack with marks, a memo, and the names that the file refers to."""

from __future__ import annotations

from pybrain_runtime.errors import UnsafeKnowledge
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.pickle.byte_source import ByteSource
from pybrain_runtime.loading.pickle.calls import Calls
from pybrain_runtime.network.allow_list import ALLOWED, describe_origin

_MANY = 1 << 14  # items, an even number


class StackMachine(ByteSource):
    """Bytes, stack and memo of a pickle that is being read.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: the limits of reading.
        budget: what is left of the limits.

    Attributes:
        stack: the values since the last mark.
        marks: the stacks below the current one, one for each open mark.
        memo: values that the file may use again, by their index.
        calls: carries out the allowed calls.
        names: every name that the file has referred to, in order and in its spelling.
        protocol: the protocol that the file declares; 0 if it declares none.
        done: whether the program is at its end.
    """

    def __init__(self, data: bytes, name: str, limits: Limits, budget: Budget) -> None:
        super().__init__(data, name, limits, budget)
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.calls = Calls(name, limits, budget)
        self.names: list[tuple[str, str]] = []
        self.protocol = 0
        self.done = False

    def push(self, value: object) -> None:
        """Push a value on the stack."""
        self.stack.append(value)

    def open_mark(self) -> None:
        """Push a mark on the stack.

        Raises:
            LimitExceeded: too many marks are open.
        """
        if len(self.marks) >= self.limits.depth:
            raise self.limit_exceeded("levels of nesting", self.limits.depth)
        self.marks.append(self.stack)
        self.stack = []

    def pop_to_mark(self) -> list[object]:
        """Pop the last mark, and return the values above it."""
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def top_list(self) -> list[object]:
        """Return the list on top of the stack."""
        top = self.stack[-1]
        if not isinstance(top, list):
            raise TypeError("items are added to something that is not a list")
        return top

    def top_dict(self) -> dict[object, object]:
        """Return the dict on top of the stack."""
        top = self.stack[-1]
        if not isinstance(top, dict):
            raise TypeError("items are set on something that is not a dict")
        return top

    def set_items(self, target: dict[object, object], items: list[object]) -> None:
        """Set items of a dict.

        Args:
            target: the dict.
            items: keys and values, alternating.
        """
        if len(items) > _MANY:
            for start in range(0, len(items), _MANY):
                self.set_items(target, items[start : start + _MANY])
                self.budget.check_time()
            return
        if len(items) % 2:
            raise ValueError("a key without a value")
        check, longest = self.calls.key, self.limits.name_length
        pairs = iter(items)
        for key, value in zip(pairs, pairs, strict=True):
            target[key if type(key) is str and len(key) <= longest else check(key)] = value

    def add_members(self, target: set[object], items: list[object]) -> None:
        """Add members to a set.

        Args:
            target: the set.
            items: the members.
        """
        for start in range(0, len(items), _MANY):
            target.update(self.calls.key(item) for item in items[start : start + _MANY])
            self.budget.check_time()

    def push_global(self, module: str, name: str) -> None:
        """Look up a name, and push its entry of the allow-list on the stack.

        Args:
            module: the module.
            name: the class or function.

        Raises:
            UnsafeKnowledge: the name is not on the allow-list.
        """
        self.names.append((module, name))
        entry = ALLOWED.get((module, name))
        if entry is None:
            raise self._not_allowed(module, name)
        self.push(entry)

    def _not_allowed(self, module: str, name: str) -> UnsafeKnowledge:
        path = escaped(f"{module}.{name}")
        kind = describe_origin(module)
        if kind:
            text = f"{self.name} is {kind}, not a PyBrain network: it refers to {path}; "
        else:
            text = f"{self.name} refers to {path}, which is not on the allow-list; "
        from pybrain_runtime.loading.user_classes import saving_hint  # only for refused files

        hint = "" if kind else saving_hint(module, name)
        return UnsafeKnowledge(text + "the file was not executed.", hint=hint, refused=path)

    def refused(self, instruction: str) -> UnsafeKnowledge:
        """Return the error for an instruction that is not allowed."""
        return UnsafeKnowledge(
            f"{self.name} uses the pickle instruction {instruction}, which a PyBrain network never needs; "
            "the file was not executed.",
            refused=instruction,
        )
