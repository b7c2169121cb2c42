"""The instructions of a pickle, by their code."""

from __future__ import annotations

import struct
from collections.abc import Callable

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.loading.pickle import text
from pybrain_runtime.loading.pickle.byte_source import LINE_LIMIT
from pybrain_runtime.loading.pickle.calls import SET_SIZE
from pybrain_runtime.loading.pickle.stack_machine import StackMachine

Instruction = Callable[[StackMachine], None]


def _proto(machine: StackMachine) -> None:
    if machine.position != 1:
        raise ValueError("a protocol is declared in the middle")
    machine.protocol = machine.number(1)
    if machine.protocol > 5:
        raise KnowledgeError(f"{machine.name} is a pickle of protocol {machine.protocol}; expected 0 to 5.")


def _frame(machine: StackMachine) -> None:
    if machine.number(8) > len(machine.data) - machine.position:
        raise machine.truncated()


def _stop(machine: StackMachine) -> None:
    machine.done = True


def _pop(machine: StackMachine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_to_mark()


def _pop_mark(machine: StackMachine) -> None:
    machine.pop_to_mark()


def _int(machine: StackMachine) -> None:
    line = machine.line(machine.limits.long_bytes * 3)
    values = {b"00": False, b"01": True}
    machine.push(values[line] if line in values else int(line))


def _long(machine: StackMachine) -> None:
    machine.push(int(machine.line(machine.limits.long_bytes * 3).removesuffix(b"L")))


def _counted_long(machine: StackMachine, width: int) -> None:
    size = machine.number(width)
    if size > machine.limits.long_bytes:
        raise machine.limit_exceeded("bytes in one integer", machine.limits.long_bytes)
    machine.push(int.from_bytes(machine.take(size), "little", signed=True))


def _append(machine: StackMachine) -> None:
    value = machine.stack.pop()
    machine.top_list().append(value)


def _appends(machine: StackMachine) -> None:
    items = machine.pop_to_mark()
    machine.top_list().extend(items)


def _set_item(machine: StackMachine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.set_items(machine.top_dict(), [key, value])


def _set_items(machine: StackMachine) -> None:
    items = machine.pop_to_mark()
    machine.set_items(machine.top_dict(), items)


def _dict(machine: StackMachine) -> None:
    items = machine.pop_to_mark()
    result: dict[object, object] = {}
    machine.set_items(result, items)
    machine.push(result)


def _add_items(machine: StackMachine) -> None:
    items = machine.pop_to_mark()
    top = machine.stack[-1]
    if not isinstance(top, set):
        raise TypeError("members are added to something that is not a set")
    machine.add_members(top, items)


def _frozenset(machine: StackMachine) -> None:
    machine.budget.charge(SET_SIZE)
    machine.push(frozenset(machine.calls.key(item) for item in machine.pop_to_mark()))


def _tuple(machine: StackMachine) -> None:
    machine.push(tuple(machine.pop_to_mark()))


def _list(machine: StackMachine) -> None:
    machine.push(machine.pop_to_mark())


def _small_tuple(machine: StackMachine, size: int) -> None:
    if len(machine.stack) < size:
        raise IndexError("the stack is empty")
    items = tuple(machine.stack[-size:])
    del machine.stack[-size:]
    machine.push(items)


def _get(machine: StackMachine, index: int) -> None:
    machine.push(machine.memo[index])


def _put(machine: StackMachine, index: int) -> None:
    if index < 0:
        raise ValueError("a negative index of the memo")
    machine.memo[index] = machine.stack[-1]


def _memoize(machine: StackMachine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _global(machine: StackMachine) -> None:
    module, name = (machine.line().decode("utf-8", "backslashreplace") for _ in range(2))
    machine.push_global(module, name)


def _stack_global(machine: StackMachine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise TypeError("a name that is not text")
    machine.push_global(module[:LINE_LIMIT], name[:LINE_LIMIT])  # a truncated name is not on the allow-list


def _inst(machine: StackMachine) -> None:
    _global(machine)
    raise machine.refused("INST")


def _newobj(machine: StackMachine) -> None:
    args, target = machine.stack.pop(), machine.stack.pop()
    machine.push(machine.calls.new(target, args))


def _reduce(machine: StackMachine) -> None:
    args, target = machine.stack.pop(), machine.stack.pop()
    machine.push(machine.calls.call(target, args))


def _build(machine: StackMachine) -> None:
    state = machine.stack.pop()
    machine.calls.build(machine.stack[-1], state)


def _refuse(name: str) -> Instruction:
    def refuse(machine: StackMachine) -> None:
        raise machine.refused(name)

    return refuse


_TABLE: dict[bytes, Instruction] = {
    # The program.
    b"\x80": _proto,
    b"\x95": _frame,
    b".": _stop,
    b"(": StackMachine.open_mark,
    b"0": _pop,
    b"1": _pop_mark,
    b"2": lambda m: m.push(m.stack[-1]),
    # Constants.
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": _int,
    b"L": _long,
    b"J": lambda m: m.push(int.from_bytes(m.take(4), "little", signed=True)),
    b"K": lambda m: m.push(m.number(1)),
    b"M": lambda m: m.push(m.number(2)),
    b"\x8a": lambda m: _counted_long(m, 1),
    b"\x8b": lambda m: _counted_long(m, 4),
    b"F": lambda m: m.push(float(m.line(64))),
    b"G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    # Text and bytes. Python 2's strings are read as Latin-1, which keeps every byte.
    b"S": text.push_quoted,
    b"T": lambda m: text.push_latin1(m, m.length(4)),
    b"U": lambda m: text.push_latin1(m, m.number(1)),
    b"V": text.push_escaped,
    b"X": lambda m: text.push_utf8(m, m.length(4)),
    b"\x8c": lambda m: text.push_utf8(m, m.number(1)),
    b"\x8d": lambda m: text.push_utf8(m, m.length(8)),
    b"B": lambda m: m.push(m.take(m.length(4))),
    b"C": lambda m: m.push(m.take(m.number(1))),
    b"\x8e": lambda m: m.push(m.take(m.length(8))),
    b"\x96": lambda m: m.push(m.take(m.length(8))),
    # Containers.
    b"]": lambda m: m.push([]),
    b"a": _append,
    b"e": _appends,
    b"l": _list,
    b")": lambda m: m.push(()),
    b"t": _tuple,
    b"\x85": lambda m: _small_tuple(m, 1),
    b"\x86": lambda m: _small_tuple(m, 2),
    b"\x87": lambda m: _small_tuple(m, 3),
    b"}": lambda m: m.push({}),
    b"d": _dict,
    b"s": _set_item,
    b"u": _set_items,
    b"\x8f": lambda m: m.push(m.calls.new_set()),
    b"\x90": _add_items,
    b"\x91": _frozenset,
    # The memo.
    b"g": lambda m: _get(m, int(m.line(16))),
    b"h": lambda m: _get(m, m.number(1)),
    b"j": lambda m: _get(m, m.number(4)),
    b"p": lambda m: _put(m, int(m.line(16))),
    b"q": lambda m: _put(m, m.number(1)),
    b"r": lambda m: _put(m, m.number(4)),
    b"\x94": _memoize,
    # Names and calls.
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"\x81": _newobj,
    b"b": _build,
    # Instructions that PyBrain networks never need.
    b"i": _inst,
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
INSTRUCTIONS = {code[0]: instruction for code, instruction in _TABLE.items()}
