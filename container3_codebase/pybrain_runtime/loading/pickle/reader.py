"""Reads pickles without executing anything.

A pickle is a program for a small stack machine. Python's machine imports and calls the names in the program. This one
has the same instructions, but looks names up in the allow-list (see ``network.allow_list``) and creates inert values
(see ``values``) instead of objects. A name that is not on the allow-list is refused.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.pickle.instructions import INSTRUCTIONS
from pybrain_runtime.loading.pickle.stack_machine import StackMachine

_CHECK_EVERY = 1024
# Instructions that read a byte after their code before anything can fail: BINGET, SHORT_BINUNICODE.
_WITH_A_BYTE = (0x68, 0x8C)
_DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError)


class PickleReader(StackMachine):
    """Runs the instructions of a pickle.

    An instruction costs less than a hundred bytes of memory and a microsecond; their number is limited. What
    can cost more (text, sets, copies) is charged to the budget before it is created.

    Args:
        data: the whole file. A protocol 0 pickle whose line endings were converted to CRLF is repaired first.
        name: its name, for messages.
        limits: the limits of reading.
        budget: what is left of the limits; None creates a new budget.
    """

    def __init__(
        self, data: bytes, name: str, limits: Limits = DEFAULT_LIMITS, budget: Budget | None = None
    ) -> None:
        super().__init__(data, name, limits, budget or Budget(name, limits))
        self._start = 0

    def read(self) -> object:
        """Run the program to its end, and return the value on its stack.

        Returns:
            The value: numbers, text, bytes, containers, and the classes of ``values``.

        Raises:
            UnsafeKnowledge: the pickle has a name or an instruction that is not allowed.
            KnowledgeError: it is truncated, damaged, followed by other bytes, or exceeds a limit.
        """
        count = 0
        try:
            while not self._run(_CHECK_EVERY):
                if self.position == len(self.data):  # there was no STOP
                    raise self.truncated()
                count += _CHECK_EVERY
                self._check_limits(count)
            value = self.stack.pop()
        except _DAMAGE:
            raise self.malformed(self._start) from None
        if self.stack or self.marks:
            raise KnowledgeError(f"{self.name} is damaged: its pickle leaves more than one value.")
        self.check_end()
        return value

    # The instructions that make up nine tenths of a network are inlined, which takes a third of the time.
    # The bytes come from an iterator whose position can be set, because that is faster than counting.
    def _run(self, most: int) -> bool:
        """Run at most ``most`` instructions, and return whether the program has ended."""
        data, memo, stack, marks = self.data, self.memo, self.stack, self.marks
        call, build = self.calls.call, self.calls.build
        codes: Any = iter(data)
        left, go_to = codes.__length_hint__, codes.__setstate__
        size, code = len(data), -1
        go_to(self.position)
        try:
            for code in islice(codes, most):
                if code == 0x94:  # MEMOIZE
                    memo[len(memo)] = stack[-1]
                elif code == 0x68:  # BINGET
                    stack.append(memo[next(codes)])
                elif code == 0x4B:  # BININT1
                    stack.append(next(codes))
                elif code == 0x71:  # BINPUT
                    memo[next(codes)] = stack[-1]
                elif code == 0x86 and len(stack) > 1:  # TUPLE2
                    last = stack.pop()
                    stack[-1] = stack[-1], last
                elif code == 0x85 and stack:  # TUPLE1
                    stack[-1] = (stack[-1],)
                elif code == 0x8C or code == 0x43:  # SHORT_BINUNICODE, SHORT_BINBYTES
                    length = next(codes)
                    end = size - left() + length
                    if end > size:
                        raise self.truncated()
                    text = data[end - length : end]
                    stack.append(text if code == 0x43 else text.decode("utf-8", "surrogatepass"))
                    if code == 0x8C and not text.isascii():
                        self.budget.charge(4 * length)
                    go_to(end)
                elif code == 0x62:  # BUILD
                    state = stack.pop()
                    build(stack[-1], state)
                elif code == 0x28 and len(marks) < self.limits.depth:  # MARK
                    marks.append(stack)
                    self.stack = stack = []
                elif code == 0x89:  # NEWFALSE
                    stack.append(False)
                elif code == 0x87 and len(stack) > 2:  # TUPLE3
                    stack[-3:] = (tuple(stack[-3:]),)
                elif code == 0x74 and marks:  # TUPLE
                    items = tuple(stack)
                    self.stack = stack = marks.pop()
                    stack.append(items)
                elif code == 0x52 and len(stack) > 1:  # REDUCE
                    args = stack.pop()
                    stack[-1] = call(stack[-1], args)
                else:
                    self.position = size - left()
                    INSTRUCTIONS[code](self)
                    if self.done:
                        return True
                    stack = self.stack  # it may have opened or closed a mark
                    go_to(self.position)
        except _DAMAGE:
            self._start = size - left() - (2 if code in _WITH_A_BYTE else 1)
            raise
        except StopIteration:  # within an instruction
            raise self.truncated() from None
        self.position = size - left()
        return False

    def _check_limits(self, count: int) -> None:
        if count > self.limits.opcodes:
            raise self.limit_exceeded("instructions", self.limits.opcodes)
        if len(self.memo) > self.limits.memo:
            raise self.limit_exceeded("remembered values", self.limits.memo)
        self.budget.check_time()
