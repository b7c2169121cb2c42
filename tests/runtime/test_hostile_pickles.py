"""Malicious pickles: each is refused with the reason, and nothing is executed."""

from __future__ import annotations

import builtins
import copyreg
import io
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pybrain_runtime import load_knowledge
from pybrain_runtime.errors import KnowledgeError, PipelineError, UnsafeKnowledge
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.pickle.reader import PickleReader

PROTOCOLS = range(6)
FEED_FORWARD = ("pybrain.structure.networks.feedforward", "FeedForwardNetwork")


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Record every call that could affect the system; the returned function asserts that there was none."""
    rung: list[str] = []
    refused(b"cos\nsystem\n.")  # what a refusal imports is executed by the import of a module, not by a file

    def bell(name: str) -> Callable[..., Any]:
        def ring(*args: object, **kwargs: object) -> None:
            rung.append(name)
            raise AssertionError(f"{name} was called by a file")

        return ring

    for name in ("system", "popen", "execv", "fork"):
        monkeypatch.setattr(os, name, bell(f"os.{name}"))
    for name in ("eval", "exec"):
        monkeypatch.setattr(builtins, name, bell(name))
    monkeypatch.setattr(pickle, "loads", bell("pickle.loads"))
    monkeypatch.setattr(pickle, "load", bell("pickle.load"))
    monkeypatch.setattr(pickle, "Unpickler", bell("pickle.Unpickler"))
    before = set(tmp_path.iterdir())

    def check() -> None:
        assert rung == []
        assert set(tmp_path.iterdir()) == before

    return check


def refused(data: bytes, **limits: Any) -> str:
    with pytest.raises(UnsafeKnowledge) as caught:
        PickleReader(data, "evil.pkl", Limits(**limits)).read()
    assert caught.value.status == 65
    return caught.value.message


class _Call:
    """An object that is pickled as a call of any function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> Any:
        return self.function, self.args


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_call_of_os_system_is_refused_by_name(protocol: int, canary: Callable[[], None]) -> None:
    system = pickle.dumps(_Call(os.getcwd), protocol).replace(b"getcwd", b"system")
    message = refused(system)
    assert message.startswith("evil.pkl refers to ")
    assert ".system, which is not on the allow-list; the file was not executed" in message
    canary()


@pytest.mark.parametrize("module", ["os", "posix", "nt", "subprocess", "builtins", "sys", "importlib"])
@pytest.mark.parametrize("name", ["system", "eval", "Popen", "__import__", "import_module"])
def test_the_refused_name_is_shown_completely(module: str, name: str, canary: Callable[[], None]) -> None:
    for data in (
        f"c{module}\n{name}\n(S'x'\ntR.".encode(),
        b"\x80\x04\x8c"
        + bytes([len(module)])
        + module.encode()
        + b"\x8c"
        + bytes([len(name)])
        + name.encode()
        + b"\x93.",
        f"(S'x'\ni{module}\n{name}\n.".encode(),
    ):
        assert f"evil.pkl refers to {module}.{name}, " in refused(data)
    canary()


def stack_global(module: str, name: str) -> bytes:
    def text(value: str) -> bytes:
        raw = value.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(raw)) + raw

    return b"\x80\x04" + text(module) + text(name) + b"\x93"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("pybrain.utilities", "os.system"),
        ("pybrain.utilities", "_import"),
        ("numpy", "os.getpid"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("pybrain.structure.networks.feedforward", "FeedForwardNetwork.__init__"),
        ("pybrain.structure.networks.feedforward", "os"),
        ("pybrain.structure.networks", "FeedForwardNetwork"),
        ("pybrain", "FeedForwardNetwork"),
        ("pybrain.tools.customxml.networkreader", "NetworkReader"),
        ("pybrain3", "os"),
        ("pybrain33.structure.networks.feedforward", "FeedForwardNetwork"),
        ("builtins", "getattr"),
        ("builtins", "type"),
        ("copyreg", "__newobj__"),
        ("copyreg", "add_extension"),
        ("_codecs", "decode"),
        ("functools", "partial"),
        ("operator", "attrgetter"),
    ],
)
def test_names_that_only_resemble_the_allowed_ones_are_refused(
    module: str, name: str, canary: Callable[[], None]
) -> None:
    assert f"{module}.{name}" in refused(stack_global(module, name) + b".")
    canary()


@pytest.mark.parametrize(
    ("module", "name", "shown"),
    [
        ("оs", "system", r"\u043es.system"),  # a Cyrillic o
        ("os", "sys\u200btem", r"os.sys\u200btem"),
        ("os", "system\x1b[2J", r"os.system\x1b[2J"),
        ("os", "system\n", r"os.system\n"),
        ("pybrain.structure.networks.feedforward", "FeedForwardNetwοrk", r"FeedForwardNetw\u03bfrk"),
        ("os", "\ud800", r"os.\ud800"),
    ],
)
def test_homoglyphs_and_control_characters_are_escaped(module: str, name: str, shown: str) -> None:
    message = refused(stack_global(module, name) + b".")
    assert shown in message
    assert message.isascii() and message.isprintable()


def test_a_very_long_name_is_shortened() -> None:
    assert len(refused(stack_global("a" * 10_000, "b") + b".")) < 400


GLOBAL = f"c{FEED_FORWARD[0]}\n{FEED_FORWARD[1]}\n".encode()
INSTRUCTIONS = {
    "OBJ": b"(" + GLOBAL + b"o.",
    "INST": b"(i" + GLOBAL[1:] + b".",
    "NEWOBJ_EX": GLOBAL + b")}\x92.",
    "PERSID": b"Pabc\n.",
    "BINPERSID": b"S'abc'\nQ.",
    "EXT1": b"\x80\x02\x82\x01.",
    "EXT2": b"\x80\x02\x83\x01\x00.",
    "EXT4": b"\x80\x02\x84\x01\x00\x00\x00.",
    "NEXT_BUFFER": b"\x80\x05\x97.",
    "READONLY_BUFFER": b"\x80\x05C\x01a\x98.",
}


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_opcodes_that_no_network_needs_are_refused(instruction: str, canary: Callable[[], None]) -> None:
    assert f"uses the pickle instruction {instruction}, " in refused(INSTRUCTIONS[instruction])
    canary()


def test_the_extension_registry_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(copyreg._inverted_registry, 1, ("os", "system"))  # type: ignore[attr-defined]
    assert "EXT1" in refused(b"\x80\x02\x82\x01.")


CALLS = {
    "a network class with REDUCE": GLOBAL + b")R.",
    "a trainer class with REDUCE": b"cpybrain.supervised.trainers.backprop\nBackpropTrainer\n)R.",
    "a class with arguments": GLOBAL + b"\x80"[:0] + b"(K\x01t\x81.",
    "NEWOBJ on a function": b"c_codecs\nencode\n)\x81.",
    "NEWOBJ on an instance": GLOBAL + b")\x81)\x81.",
    "REDUCE on an instance": GLOBAL + b")\x81)R.",
    "REDUCE on text": b"S'os.system'\n)R.",
    "BUILD on a class": GLOBAL + b"}b.",
    "BUILD on a list": b"]}b.",
    "BUILD on a dict": b"}}b.",
    "BUILD with slots": GLOBAL + b")\x81N}\x86b.",
    "BUILD with a list": GLOBAL + b")\x81]b.",
    "BUILD twice": GLOBAL + b")\x81}b}b.",
    "BUILD with a number as a name": GLOBAL + b")\x81}K\x01K\x01sb.",
    "object itself called": b"cbuiltins\nobject\n)R.",
    "set of text": b"cbuiltins\nset\n(S'abc'\ntR.",
    "bytes of a size": b"cbuiltins\nbytes\n(I1000000000\ntR.",
    "encode as something else": b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.",
    "encode with an error handler": b"c_codecs\nencode\n(S'x'\nS'latin1'\nS'strict'\ntR.",
    "reconstructor of a function": b"ccopyreg\n_reconstructor\n(c_codecs\nencode\ncbuiltins\nobject\nNtR.",
    "reconstructor with another base": b"ccopyreg\n_reconstructor\n(" + GLOBAL + b"cbuiltins\nset\nNtR.",
    "reconstructor with a state": b"ccopyreg\n_reconstructor\n(" + GLOBAL + b"cbuiltins\nobject\n}tR.",
    "array of another class": b"cnumpy.core.multiarray\n_reconstruct\n(" + GLOBAL + b"I0\nS'b'\ntR.",
    "ndarray called": b"cnumpy\nndarray\n((I5\nttR.",
    "dtype of objects": b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.",
    "dtype of text": b"cnumpy\ndtype\n(S'U8'\nI0\nI1\ntR.",
    "dtype of a structure": b"cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR.",
    "dtype of fields": b"cnumpy\ndtype\n(S'f8,f8'\nI0\nI1\ntR.",
    "dtype by a class": b"cnumpy\ndtype\n(" + GLOBAL + b"I0\nI1\ntR.",
}


@pytest.mark.parametrize("case", CALLS)
def test_calls_that_pybrain_does_not_make_are_refused(case: str, canary: Callable[[], None]) -> None:
    assert "the file was not executed" in refused(CALLS[case])
    canary()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_payload_after_a_valid_network_is_refused(
    protocol: int, default_pickle: bytes, canary: Callable[[], None]
) -> None:
    payload = pickle.dumps(_Call(os.getcwd), protocol).replace(b"getcwd", b"system")
    with pytest.raises(KnowledgeError, match="two pickles one after another"):
        PickleReader(default_pickle + payload, "evil.pkl").read()
    assert ".system" in refused(default_pickle[:-1] + b"0" + payload[2:] if protocol > 1 else payload)
    canary()


def test_a_pickle_inside_a_pickle_is_loaded_as_bytes(canary: Callable[[], None]) -> None:
    inner = pickle.dumps(_Call(os.getcwd), 4).replace(b"getcwd", b"system")
    assert PickleReader(pickle.dumps([inner], 4), "nested.pkl").read() == [inner]
    canary()


def test_a_payload_in_a_state_that_is_never_used_is_refused(default_pickle: bytes) -> None:
    assert "os.system" in refused(b"\x80\x04" + stack_global("os", "system")[2:] + b"0" + default_pickle[2:])


def array(shape: bytes, raw: bytes) -> bytes:
    """Return a pickled array of float64 with any shape and bytes."""
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    return made + b"(I1\n(" + shape + b"tcnumpy\ndtype\n(S'f8'\nI0\nI1\ntRI00\nS'" + raw + b"'\ntb."


BOMBS = {
    "a huge LONG1 in text": b"L" + b"9" * 5_000 + b"L\n.",
    "a huge INT": b"I" + b"9" * 5_000 + b"\n.",
    "a huge LONG4": b"\x80\x02\x8b\x00\x00\x00\x40" + b"\x01" * 100 + b".",
    "a negative LONG4": b"\x80\x02\x8b\xff\xff\xff\xff.",
    "a huge frame": b"\x80\x04\x95" + b"\xff" * 8 + b".",
    "a huge string": b"\x80\x04\x8d" + b"\xff" * 8 + b".",
    "a huge bytearray": b"\x80\x05\x96" + b"\x00" * 7 + b"\x7f.",
    "a far memo": b"\x80\x02j\xff\xff\xff\xff.",
    "a negative memo": b"I1\np-1\n.",
    "deep marks": b"(" * 100_000 + b".",
    "deep lists": b"]" + b"]a" * 0 + b"(" * 5_000 + b"l" * 5_000 + b".",
    "a tuple as a key, deep": b"\x80\x02}" + b")" + b"\x85" * 50_000 + b"K\x01s.",
    "many instructions": b"N0" * 600_000 + b"N.",
    "many empty sets": b"\x80\x04" + b"\x8f" * 1_100_000 + b".",
    "copies of a list": b"]("
    + b"K\x01" * 200_000
    + b"eq\x000"
    + b"cbuiltins\nset\nq\x01(h\x00tR0"
    + b"h\x01(h\x00tR0" * 50_000
    + b"N.",
    "big integers that collide": b"}("
    + b"".join(b"\x8a\x0a" + ((2**61 - 1) * k).to_bytes(10, "little") + b"N" for k in range(20_000))
    + b"u.",
    "a shape that does not fit": array(b"I1000000000000\n", b""),
    "a shape beyond 64 bits": array(b"I0\nI99999999999999999999\n", b""),
    "a negative shape": array(b"I-1\nI-1\n", b"12345678"),
    "nothing to pop": b"0.",
    "nothing at all on the stack": b".",
    "an unknown instruction": b"\xff.",
    "a later protocol": b"\x80\x06N.",
    "a protocol in the middle": b"N\x80\x02.",
    "two values left": b"NN.",
    "a mark left": b"(N.",
    "append to a number": b"K\x01K\x02a.",
    "an item in a list": b"]K\x01K\x02s.",
    "a list as a key": b"}]K\x01s.",
    "a member that is a list": b"\x80\x04\x8f(]\x90.",
    "a key without a value": b"}(K\x01u.",
    "text that is no number": b"Fabc\n.",
    "text that is not UTF-8": b"\x80\x04\x8c\x02\xff\xfe.",
    "a string without quotes": b"Sabc\n.",
    "a string with an odd escape": b"S'\\N{DASH}'\n.",
    "an escape that breaks off": b"V\\u12\n.",
    "a global without an end": b"cos",
    "a global that is too long": b"c" + b"a" * 100_000 + b"\nb\n.",
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BOMBS)
def test_pickle_bombs_are_refused_quickly_with_one_error_type(case: str, canary: Callable[[], None]) -> None:
    with pytest.raises(PipelineError) as caught:
        PickleReader(BOMBS[case], "bomb.pkl").read()
    assert isinstance(caught.value, KnowledgeError)
    assert caught.value.message.startswith("bomb.pkl ")
    canary()


def test_a_list_that_contains_itself_is_read_and_is_not_a_network(written: Callable[..., Path]) -> None:
    path = written(b"]q\x00h\x00a.")
    with pytest.raises(KnowledgeError, match="holds a list of 1 items, not a network"):
        load_knowledge(path)


def test_reading_stops_at_the_time_limit() -> None:
    with pytest.raises(KnowledgeError, match=r"exceeds the limit of 0\.0 seconds of CPU time"):
        PickleReader(b"N0" * 5_000 + b"N.", "slow.pkl", Limits(seconds=0.0)).read()


def test_the_memo_is_limited() -> None:
    with pytest.raises(KnowledgeError, match="exceeds the limit of 10 remembered values"):
        PickleReader(b"\x80\x04" + b"N\x940" * 5_000 + b"N.", "memo.pkl", Limits(memo=10)).read()


def test_every_truncation_of_the_default_network_is_refused(default_pickle: bytes) -> None:
    for size in range(len(default_pickle)):
        with pytest.raises(KnowledgeError) as caught:
            PickleReader(default_pickle[:size], "cut.pkl").read()
        assert caught.value.message.startswith(f"cut.pkl is truncated at byte {size}:")


def test_the_reader_imports_nothing_that_a_file_names(written: Callable[..., Path]) -> None:
    import sys

    before = set(sys.modules)
    with pytest.raises(UnsafeKnowledge):
        load_knowledge(written(b"cantigravity\nfly\n)R."))
    assert "antigravity" not in set(sys.modules) - before


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("sklearn.linear_model._base", "is a scikit-learn model, not a PyBrain network"),
        ("torch._utils", "is a PyTorch model, not a PyBrain network"),
        ("pandas.core.frame", "is a pandas object, not a PyBrain network"),
        ("arac.pybrainbridge", "is a network of PyBrain's arac extension"),
    ],
)
def test_a_model_of_another_library_is_recognized(module: str, words: str) -> None:
    message = refused(f"c{module}\nThing\n)R.".encode())
    assert words in message and f"refers to {module}.Thing" in message


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_are_read_as_python_reads_them(protocol: int) -> None:
    value: list[Any] = [
        None, True, False, 0, 1, -1, 255, 256, 65536, -(2**31), 2**40, -(2**70),
        1.5, -0.0, 1e300, float("inf"),
        "", "text", "mit Umlaut ä", "a\nb\\c'd\"", "\U0001f600", b"", b"\x00\xff",
        (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4),
        [], [1, [2]], {}, {"a": 1, (1, "b"): 2}, {1, 2}, set(),
    ]  # fmt: skip
    assert PickleReader(pickle.dumps(value, protocol), "plain.pkl").read() == value


def test_shared_and_recursive_values_keep_their_shape() -> None:
    inner: list[Any] = [1]
    recursive: list[Any] = [inner, inner]
    recursive.append(recursive)
    for protocol in PROTOCOLS:
        found = PickleReader(pickle.dumps(recursive, protocol), "shared.pkl").read()
        assert isinstance(found, list)
        assert found[0] is found[1] and found[2] is found


def test_the_python_pickler_without_its_accelerator_is_understood() -> None:
    buffer = io.BytesIO()
    pickle._Pickler(buffer, 2).dump({"a": [1, 2.5]})  # type: ignore[attr-defined]
    assert PickleReader(buffer.getvalue(), "slow.pkl").read() == {"a": [1, 2.5]}


def test_nested_lists_are_traversed_once(written: Callable[..., Path]) -> None:
    value: list[Any] = [0] * 5_000
    for _ in range(3):
        value = [value] * 5_000
    with pytest.raises(KnowledgeError, match="holds a list of 5000 items, not a network"):
        load_knowledge(written(pickle.dumps(value, 4)))


def test_a_scaler_of_scikit_learn_is_only_a_record(canary):
    """A file may refer to its class, but not call it, and its state is checked like any other."""
    scaler = b"csklearn.preprocessing._data\nStandardScaler\n"
    assert "calls sklearn.preprocessing._data.StandardScaler" in refused(
        b"\x80\x02" + scaler + b"K\x01\x85R."
    )
    state = b"}X\x05\x00\x00\x00mean_cos\nsystem\nsb."
    assert "os.system" in refused(b"\x80\x02" + scaler + b")\x81" + state)
    assert "sklearn" in refused(b"csklearn.preprocessing._encoders\nOneHotEncoder\n.")
    canary()
