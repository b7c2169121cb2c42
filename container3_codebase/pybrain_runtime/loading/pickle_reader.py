"""A reader for pickles that executes nothing.

A pickle is a program for a small stack machine. Python's own machine imports what the program names and calls
it; this one knows the same instructions, looks names up in a table (see ``names``) and puts inert values
(see ``values``) where objects would be. What the table does not hold is refused, with its name.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

from pybrain_runtime.errors import KnowledgeError, MalformedKnowledge, UnsafeKnowledge
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.pickle_calls import SET_SIZE, Calls
from pybrain_runtime.network.allow_list import ALLOWED, foreign, shown

_LINE_LIMIT = 4096
_CHECK_EVERY = 1024
_SHORT = 4_096  # bytes of a text that is copied once more than needed
_MANY = 1 << 14  # items, an even number
_BEYOND_LATIN1 = re.compile(rb"\\u(?!00[0-9a-fA-F]{2})|\\U(?!000000[0-9a-fA-F]{2})")
# Instructions that have read a byte behind their code before anything can go wrong: BINGET, SHORT_BINUNICODE.
_WITH_A_BYTE = (0x68, 0x8C)
_DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError)


def read_pickle(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> object:
    """Reads one pickle, all of it, into inert values.

    Args:
        data: the whole file. Protocol 0 whose line ends were turned into CRLF is repaired first.
        name: the file, for messages.
        limits: what the file may ask for.

    Returns:
        The value: numbers, text, bytes, containers, and the classes of ``values``.

    Raises:
        UnsafeKnowledge: the pickle names or does something that no PyBrain network needs.
        KnowledgeError: it is cut off, damaged, followed by something, or beyond a limit.
    """
    return PickleReader(data, name, limits).read()


def _with_plain_line_ends(data: bytes, budget: Budget) -> bytes:
    if data.startswith(b"\x80"):
        return data
    lines = data.count(b"\n")
    if lines and lines == data.count(b"\r\n"):
        budget.take(len(data))
        return data.replace(b"\r\n", b"\n")
    return data


class PickleReader:
    """The machine: a position in the bytes, a stack with marks, a memo.

    An instruction costs less than a hundred bytes of memory and a microsecond; their number is limited. What
    can cost more (text, sets, copies) is charged to the budget before it is made.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: what it may ask for.
        budget: what is left of that; None begins a new one.

    Attributes:
        protocol: the protocol that the file declares; 0 where it declares none.
        names: every name that the file has referred to, in order, as it spells them.
        position: the next byte to read.
    """

    def __init__(
        self, data: bytes, name: str, limits: Limits = DEFAULT_LIMITS, budget: Budget | None = None
    ) -> None:
        self._budget = budget or Budget(name, limits)
        self.data = _with_plain_line_ends(data, self._budget)
        self.name = name
        self.limits = limits
        self.protocol = 0
        self.names: list[tuple[str, str]] = []
        self.position = 0
        self._stack: list[object] = []
        self._outer: list[list[object]] = []
        self._memo: dict[int, object] = {}
        self._calls = Calls(name, limits, self._budget)
        self._start = 0
        self._done = False

    def read(self) -> object:
        """Runs the program to its end and returns the value that it leaves."""
        count = 0
        try:
            while not self._run(_CHECK_EVERY):
                count += _CHECK_EVERY
                self._check_limits(count)
            value = self._stack.pop()
        except _DAMAGE as error:
            raise self._damaged(self._start, error) from None
        if self._stack or self._outer:
            raise KnowledgeError(f"{self.name} is damaged: its pickle leaves more than one value.")
        self._nothing_after()
        return value

    def _run(self, most: int) -> bool:
        """Carries out the next instructions, at most so many; says whether the program is at its end.

        Those that make up nine tenths of a network are carried out here, which takes a third of the time; they
        do the same as the methods below. The bytes come out of an iterator that can be told where to go on,
        because that is faster than counting.
        """
        data, memo, stack, outer = self.data, self._memo, self._stack, self._outer
        call, build = self._calls.call, self._calls.build
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
                    start = size - left()
                    end = start + length
                    if end > size:
                        raise self._truncated()
                    text = data[start:end]
                    stack.append(text if code == 0x43 else text.decode("utf-8", "surrogatepass"))
                    if code == 0x8C and not text.isascii():
                        self._charge(4 * length)
                    go_to(end)
                elif code == 0x62:  # BUILD
                    state = stack.pop()
                    build(stack[-1], state)
                elif code == 0x28 and len(outer) < self.limits.depth:  # MARK
                    outer.append(stack)
                    self._stack = stack = []
                elif code == 0x89:  # NEWFALSE
                    stack.append(False)
                elif code == 0x87 and len(stack) > 2:  # TUPLE3
                    stack[-3:] = (tuple(stack[-3:]),)
                elif code == 0x74 and outer:  # TUPLE
                    items = tuple(stack)
                    self._stack = stack = outer.pop()
                    stack.append(items)
                elif code == 0x52 and len(stack) > 1:  # REDUCE
                    args = stack.pop()
                    stack[-1] = call(stack[-1], args)
                else:
                    self.position = size - left()
                    _INSTRUCTIONS[code](self)
                    if self._done:
                        return True
                    stack = self._stack  # it may have opened or closed a mark
                    go_to(self.position)
        except _DAMAGE:
            self._start = size - left() - (2 if code in _WITH_A_BYTE else 1)
            raise
        except StopIteration:  # within an instruction
            raise self._truncated() from None
        if not left():  # there was no STOP
            raise self._truncated()
        self.position = size - left()
        return False

    # What goes wrong.

    def _check_limits(self, count: int) -> None:
        if count > self.limits.opcodes:
            raise self._beyond("instructions", self.limits.opcodes)
        if len(self._memo) > self.limits.memo:
            raise self._beyond("remembered values", self.limits.memo)
        self._budget.check_time()

    def _beyond(self, what: str, limit: float) -> KnowledgeError:
        return self._budget.beyond(what, limit)

    def _truncated(self) -> KnowledgeError:
        size = len(self.data)
        return MalformedKnowledge(
            f"{self.name} is truncated at byte {size}: the pickle goes on where the file ends.",
            hint="Copy the file again, in binary mode, or save it again.",
            offset=size,
        )

    def _damaged(self, offset: int, error: Exception) -> KnowledgeError:
        text = self.data[:256]
        looks = " It looks like a text file." if text.isascii() and text.decode("ascii").isprintable() else ""
        if b"\n" in text[:200] and b"," in text.partition(b"\n")[0]:
            looks = " It looks like a table of text; were the knowledge and the activation exchanged?"
        return MalformedKnowledge(
            f"{self.name} is not a pickle, or a damaged one: byte {offset} makes no sense there.{looks}",
            hint="Copy the file again, in binary mode, or save it again.",
            offset=offset,
        )

    def _nothing_after(self) -> None:
        rest = len(self.data) - self.position
        if not rest:
            return
        second = self.data[self.position] == 0x80 or (rest > 16 and self.data.endswith(b"."))
        what = "two pickles one after another" if second else "more than a pickle"
        raise MalformedKnowledge(
            f"{self.name} holds {what}: the first ends at byte {self.position}, and {rest} bytes follow.",
            hint="Save the network alone in a file.",
            offset=self.position,
        )

    def _refused(self, what: str) -> UnsafeKnowledge:
        return UnsafeKnowledge(
            f"{self.name} uses the pickle instruction {what}, which a PyBrain network never needs; "
            "the file was not executed.",
            refused=what,
        )

    # Reading bytes.

    def _take(self, size: int) -> bytes:
        start, end = self.position, self.position + size
        if end > len(self.data):
            raise self._truncated()
        self.position = end
        return self.data[start:end]

    def _view(self, size: int) -> memoryview:
        """Takes bytes without copying them: what is made of them is the only copy."""
        start, end = self.position, self.position + size
        if end > len(self.data):
            raise self._truncated()
        self.position = end
        return memoryview(self.data)[start:end]

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "little")

    def _length(self, width: int) -> int:
        size = self._number(width)
        if size > self.limits.string_length:
            raise self._beyond("bytes in one string", self.limits.string_length)
        return size

    def _line(self, limit: int = _LINE_LIMIT) -> bytes:
        end = self.data.find(b"\n", self.position, self.position + limit + 1)
        if end < 0:
            raise self._without_end(limit)
        start, self.position = self.position, end + 1
        return self.data[start:end]

    def _long_line(self) -> bytes | memoryview:
        """Takes a line of any length; a long one is not copied."""
        limit = self.limits.string_length
        end = self.data.find(b"\n", self.position, self.position + limit + 1)
        if end < 0:
            raise self._without_end(limit)
        start, self.position = self.position, end + 1
        return self.data[start:end] if end - start <= _SHORT else memoryview(self.data)[start:end]

    def _without_end(self, limit: int) -> KnowledgeError:
        rest = len(self.data) - self.position
        return self._truncated() if rest <= limit else self._beyond("bytes in one line", limit)

    # The stack.

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _since_mark(self) -> list[object]:
        items = self._stack
        self._stack = self._outer.pop()
        return items

    def _top_list(self) -> list[object]:
        top = self._stack[-1]
        if not isinstance(top, list):
            raise TypeError("items are added to something that is not a list")
        return top

    def _top_dict(self) -> dict[object, object]:
        top = self._stack[-1]
        if not isinstance(top, dict):
            raise TypeError("items are set on something that is not a dict")
        return top

    def _set_items(self, target: dict[object, object], items: list[object]) -> None:
        if len(items) % 2:
            raise ValueError("a key without a value")
        check, longest = self._calls.key, self.limits.name_length
        pairs = iter(items)
        for key, value in zip(pairs, pairs, strict=True):
            target[key if type(key) is str and len(key) <= longest else check(key)] = value

    def _set_many_items(self, target: dict[object, object], items: list[object]) -> None:
        for start in range(0, len(items), _MANY):
            self._set_items(target, items[start : start + _MANY])
            self._budget.check_time()

    # Instructions, in the order of the table below.

    def _proto(self) -> None:
        if self.position != 1:
            raise ValueError("a protocol is declared in the middle")
        self.protocol = self._number(1)
        if self.protocol > 5:
            raise KnowledgeError(f"{self.name} is a pickle of protocol {self.protocol}; 0 to 5 are known.")

    def _frame(self) -> None:
        if self._number(8) > len(self.data) - self.position:
            raise self._truncated()

    def _stop(self) -> None:
        self._done = True

    def _mark(self) -> None:
        if len(self._outer) >= self.limits.depth:
            raise self._beyond("levels of nesting", self.limits.depth)
        self._outer.append(self._stack)
        self._stack = []

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._since_mark()

    def _pop_mark(self) -> None:
        self._since_mark()

    def _int(self) -> None:
        text = self._line(self.limits.long_bytes * 3)
        values = {b"00": False, b"01": True}
        self._push(values[text] if text in values else int(text))

    def _long(self) -> None:
        self._push(int(self._line(self.limits.long_bytes * 3).removesuffix(b"L")))

    def _counted_long(self, width: int) -> None:
        size = self._number(width)
        if size > self.limits.long_bytes:
            raise self._beyond("bytes in one integer", self.limits.long_bytes)
        self._push(int.from_bytes(self._take(size), "little", signed=True))

    def _string(self) -> None:
        line = self._long_line()
        if len(line) < 2 or line[0] != line[-1] or line[0] not in b"'\"":
            raise ValueError("a string without quotes")
        inside = line[1:-1]
        if not _python2_string().fullmatch(inside):
            raise ValueError("a string with an unknown escape")
        plain = codecs.escape_decode(inside)[0]
        if len(plain) > _SHORT:
            self._charge(len(plain))
        self._push(plain.decode("latin1"))

    def _unicode(self) -> None:
        line = self._long_line()
        if len(line) > _SHORT:
            # An escape is six bytes and gives one character, of four bytes at most.
            self._charge(len(line) if _is_latin1(line) else 4 * len(line))
        self._push(text := codecs.raw_unicode_escape_decode(line)[0])
        if len(line) <= _SHORT and not text.isascii():
            self._charge(4 * len(line))

    def _charge(self, size: int) -> None:
        self._budget.take(size)

    def _text(self, size: int) -> None:
        if size > _SHORT:
            view = self._view(size)
            self._budget.take_text(view)
            self._push(str(view, "utf-8"))  # halves of surrogates, let through one by one, take seconds
            return
        self._push(text := self._take(size).decode("utf-8", "surrogatepass"))
        if not text.isascii():
            self._charge(4 * size)

    def _latin1(self, size: int) -> None:
        if size > _SHORT:
            self._charge(size)
            self._push(str(self._view(size), "latin1"))
        else:
            self._push(self._take(size).decode("latin1"))

    def _append(self) -> None:
        value = self._stack.pop()
        self._top_list().append(value)

    def _appends(self) -> None:
        items = self._since_mark()
        self._top_list().extend(items)

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items(self._top_dict(), [key, value])

    def _set_marked_items(self) -> None:
        items = self._since_mark()
        (self._set_items if len(items) <= _MANY else self._set_many_items)(self._top_dict(), items)

    def _dict(self) -> None:
        items = self._since_mark()
        made: dict[object, object] = {}
        (self._set_items if len(items) <= _MANY else self._set_many_items)(made, items)
        self._push(made)

    def _add_items(self) -> None:
        items = self._since_mark()
        top = self._stack[-1]
        if not isinstance(top, set):
            raise TypeError("members are added to something that is not a set")
        for start in range(0, len(items), _MANY):
            top.update(self._calls.key(item) for item in items[start : start + _MANY])
            self._budget.check_time()

    def _frozenset(self) -> None:
        self._charge(SET_SIZE)
        self._push(frozenset(self._calls.key(item) for item in self._since_mark()))

    def _marked_tuple(self) -> None:
        self._push(tuple(self._since_mark()))

    def _marked_list(self) -> None:
        self._push(self._since_mark())

    def _small_tuple(self, size: int) -> None:
        if len(self._stack) < size:
            raise IndexError("the stack is empty")
        items = tuple(self._stack[-size:])
        del self._stack[-size:]
        self._push(items)

    def _get(self, index: int) -> None:
        self._push(self._memo[index])

    def _put(self, index: int) -> None:
        if index < 0:
            raise ValueError("a negative place in the memo")
        self._memo[index] = self._stack[-1]

    def _memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _global(self) -> None:
        module, name = (self._line().decode("utf-8", "backslashreplace") for _ in range(2))
        self._refer(module, name)

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name that is not text")
        self._refer(module[:_LINE_LIMIT], name[:_LINE_LIMIT])  # what is cut is not on the list either

    def _refer(self, module: str, name: str) -> None:
        self.names.append((module, name))
        entry = ALLOWED.get((module, name))
        if entry is None:
            raise self._refused_name(module, name)
        self._push(entry)

    def _refused_name(self, module: str, name: str) -> UnsafeKnowledge:
        path = shown(f"{module}.{name}")
        kind = foreign(module)
        if kind:
            text = f"{self.name} is {kind}, not a PyBrain network: it refers to {path}; "
        else:
            text = (
                f"{self.name} refers to {path}, which is not on the list of names a PyBrain network needs; "
            )
        return UnsafeKnowledge(text + "the file was not executed.", refused=path)

    def _instance(self) -> None:
        self._global()
        raise self._refused("INST")

    def _new(self) -> None:
        args, target = self._stack.pop(), self._stack.pop()
        self._push(self._calls.new(target, args))

    def _reduce(self) -> None:
        args, target = self._stack.pop(), self._stack.pop()
        self._push(self._calls.call(target, args))

    def _build(self) -> None:
        state = self._stack.pop()
        self._calls.build(self._stack[-1], state)


@cache
def _python2_string() -> re.Pattern[bytes]:
    # ++ and *+ keep nothing to go back to, which would be forty bytes for each byte of the text.
    return re.compile(rb"(?:[^\\]++|\\[\\'\"abfnrtv]|\\x[0-9a-fA-F]{2})*+", re.DOTALL)


def _is_latin1(line: bytes | memoryview) -> bool:
    """Says whether a line of protocol 0 has no escape for a character beyond Latin-1."""
    return _BEYOND_LATIN1.search(line) is None


def _refuse(instruction: str) -> Callable[[PickleReader], None]:
    def refuse(reader: PickleReader) -> None:
        raise reader._refused(instruction)

    return refuse


_R = PickleReader  # short, for the table
_TABLE: dict[bytes, Callable[[PickleReader], None]] = {
    # The program.
    b"\x80": _R._proto,
    b"\x95": _R._frame,
    b".": _R._stop,
    b"(": _R._mark,
    b"0": _R._pop,
    b"1": _R._pop_mark,
    b"2": lambda r: r._push(r._stack[-1]),
    # Constants.
    b"N": lambda r: r._push(None),
    b"\x88": lambda r: r._push(True),
    b"\x89": lambda r: r._push(False),
    b"I": _R._int,
    b"L": _R._long,
    b"J": lambda r: r._push(int.from_bytes(r._take(4), "little", signed=True)),
    b"K": lambda r: r._push(r._number(1)),
    b"M": lambda r: r._push(r._number(2)),
    b"\x8a": lambda r: r._counted_long(1),
    b"\x8b": lambda r: r._counted_long(4),
    b"F": lambda r: r._push(float(r._line(64))),
    b"G": lambda r: r._push(struct.unpack(">d", r._take(8))[0]),
    # Text and bytes. Python 2's strings are read as latin1, which keeps every byte.
    b"S": _R._string,
    b"T": lambda r: r._latin1(r._length(4)),
    b"U": lambda r: r._latin1(r._number(1)),
    b"V": _R._unicode,
    b"X": lambda r: r._text(r._length(4)),
    b"\x8c": lambda r: r._text(r._number(1)),
    b"\x8d": lambda r: r._text(r._length(8)),
    b"B": lambda r: r._push(r._take(r._length(4))),
    b"C": lambda r: r._push(r._take(r._number(1))),
    b"\x8e": lambda r: r._push(r._take(r._length(8))),
    b"\x96": lambda r: r._push(r._take(r._length(8))),
    # Containers.
    b"]": lambda r: r._push([]),
    b"a": _R._append,
    b"e": _R._appends,
    b"l": _R._marked_list,
    b")": lambda r: r._push(()),
    b"t": _R._marked_tuple,
    b"\x85": lambda r: r._small_tuple(1),
    b"\x86": lambda r: r._small_tuple(2),
    b"\x87": lambda r: r._small_tuple(3),
    b"}": lambda r: r._push({}),
    b"d": _R._dict,
    b"s": _R._set_item,
    b"u": _R._set_marked_items,
    b"\x8f": lambda r: r._push(r._calls.new_set()),
    b"\x90": _R._add_items,
    b"\x91": _R._frozenset,
    # The memo.
    b"g": lambda r: r._get(int(r._line(16))),
    b"h": lambda r: r._get(r._number(1)),
    b"j": lambda r: r._get(r._number(4)),
    b"p": lambda r: r._put(int(r._line(16))),
    b"q": lambda r: r._put(r._number(1)),
    b"r": lambda r: r._put(r._number(4)),
    b"\x94": _R._memoize,
    # Names and calls.
    b"c": _R._global,
    b"\x93": _R._stack_global,
    b"R": _R._reduce,
    b"\x81": _R._new,
    b"b": _R._build,
    # What no PyBrain network needs.
    b"i": _R._instance,
    b"o": _refuse("OBJ"),
    b"\x92": _refuse("NEWOBJ_EX"),
    b"P": _refuse("PERSID"),
    b"Q": _refuse("BINPERSID"),
    b"\x82": _refuse("EXT1"),
    b"\x83": _refuse("EXT2"),
    b"\x84": _refuse("EXT4"),
    b"\x97": _refuse("NEXT_BUFFER"),
    b"\x98": _refuse("READONLY_BUFFER"),
}
_INSTRUCTIONS = {code[0]: instruction for code, instruction in _TABLE.items()}
