"""Expensive content is refused with a short message before it is processed."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pybrain_runtime import ActivationStream, Limits, inspect_file, load_knowledge
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.printable import short_repr
from pybrain_runtime.knowledge import read_network
from pybrain_runtime.loading.describe import describe
from pybrain_runtime.loading.npz.reader import read_npz
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.xml.reader import read_xml
from pybrain_runtime.network.rebuild import distinct_names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "container3_codebase" / "pybrain_runtime"
FUZZ = ROOT / "fuzz"
NETWORK = "pybrain.structure.networks.feedforward.FeedForwardNetwork"

Written = Callable[..., Path]


def said(data: bytes, **limits: float) -> str:
    with pytest.raises(KnowledgeError) as caught:
        read_network(data, "net.pkl", Limits(**limits))
    assert len(caught.value.message) < 300
    return caught.value.message


# Values out of a file in messages.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a" * 100, "'" + "a" * 60 + "...'"),
        ("\n\u202e", "'\\n\\u202e'"),
        (12, "12"),
        (-(1 << 80), "a number of 81 bits"),
        (None, "None"),
        (0.5, "0.5"),
        (b"abc", "a bytes of 3 items"),
        ((1, 2), "a tuple of 2 items"),
        (object(), "a object"),
    ],
)
def test_values_from_a_file_are_shortened_in_messages(value: object, text: str) -> None:
    assert short_repr(value) == text


def test_a_value_that_contains_itself_repeatedly_is_not_traversed() -> None:
    value: object = 0
    for _ in range(200):
        value = (value, value)
    assert short_repr(value) == "a tuple of 2 items"


def test_the_loader_never_shows_a_complete_value_of_a_file() -> None:
    loaders = ("pickle_*.py", "xml_*.py", "npz_*.py", "content.py", "describe*.py", "rebuild.py", "search.py",
               "values.py", "budget.py", "card.py")  # fmt: skip
    found = []
    for path in (path for pattern in loaders for path in RUNTIME.glob(pattern)):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            # What ``shown`` cuts was bounded before, or the class writes itself.
            if re.search(r"![rsa]\}|\brepr\(|%r", line) and "shown(repr(text)" not in line:
                found.append(f"{path.name}:{number}: {line.strip()}")
    assert [line for line in found if "isinstance(key, Instance | Global)" not in line] == []


def test_a_dtype_of_shared_tuples_is_refused_quickly() -> None:
    data = b"\x80\x02K\x00" + b"q\x01h\x01\x86" * 200 + b"q\x02cnumpy\ndtype\n(h\x02K\x00K\x01tR."
    assert "an array of type a tuple of 2 items, which is not numeric" in said(data)


def test_an_array_of_excessive_shape_is_refused_with_a_short_message() -> None:
    size = b"\x8a\x80" + b"\x7f" * 128
    shape = (b"(" + size + b"t") * 1
    data = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01" + shape
        + b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR\x89U\x01atb."
    )  # fmt: skip
    assert "exceeds the limit of 8,388,608 array elements in total" in said(data)


# Keys.


def test_colliding_number_pairs_are_refused_as_keys() -> None:
    sys.path.insert(0, str(FUZZ))
    try:
        from hostile import colliding_pairs
    finally:
        sys.path.remove(str(FUZZ))
    assert "exceeds the limit of 64 keys with colliding hashes" in said(colliding_pairs(200))


def test_many_ordinary_number_pairs_are_accepted_as_keys() -> None:
    pairs = b"".join(
        b"J%sJ%s\x86N" % (n.to_bytes(4, "little"), (n * n % 9973).to_bytes(4, "little"))
        for n in range(50_000)
    )
    data = b"\x80\x02}(" + pairs + b"u."
    assert len(PickleReader(data, "net.pkl").read()) == 50_000  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (b"(" + b"N" * 9 + b"t", "exceeds the limit of 8 items of a tuple that is a key"),
        (b"K\x01\x85\x85", "a key is a tuple"),
        (b"X\x01\x10\x00\x00" + b"a" * 4097, "exceeds the limit of 4,096 characters in a key"),
        (b"X\x01\x10\x00\x00" + b"a" * 4097 + b"\x85", "exceeds the limit of 4,096 characters in a key"),
        (b"B\x01\x10\x00\x00" + b"a" * 4097, "exceeds the limit of 4,096 characters in a key"),
    ],
)
@pytest.mark.parametrize("put", [b"\x80\x04}%bNs.", b"\x80\x04\x8f(%b\x90.", b"\x80\x04(%b\x91."])
def test_an_expensive_key_is_refused(key: bytes, words: str, put: bytes) -> None:
    assert words in said(put % key)


# The budget.


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04(" + b"\x8f" * 60 + b"l.",
        b"\x80\x04(" + b"(\x91" * 60 + b"l.",
        b"\x80\x02c__builtin__\nset\nq\x010(" + b"h\x01)R" * 60 + b"l.",
        b"X\x00\x10\x00\x00" + b"a" * 4092 + "\U0001f600".encode() + b".",
        b"\x80\x04(" + (b"\x8c\x64" + b"a" * 96 + "\U0001f600".encode()) * 40 + b"l.",
        b"V" + b"a" * 4000 + b"\\U0001f600\n.",
        b"(" + b"S'" + b"a" * 9000 + b"'\np0\nS'" + b"a" * 9000 + b"'\nl.",
        b"(S'" + b"a" * 12_000 + b"'\r\nl.\r\n"[:-2],
        b"c_codecs\nencode\n(X\x00\x40\x00\x00" + b"a" * 16384 + b"X\x06\x00\x00\x00latin1tR.",
    ],
)
def test_values_larger_than_their_opcode_count_towards_the_budget(data: bytes) -> None:
    assert "exceeds the limit of 12,000 bytes of memory" in said(data, heap=12_000)


def test_text_is_budgeted_by_its_widest_character() -> None:
    for wide, size in (("", 1), ("é", 1), ("☃", 2), ("\U0001f600", 4)):
        body = b"a" * (8192 - len(wide.encode())) + wide.encode()
        data = b"X\x00\x20\x00\x00" + body + b"."
        assert PickleReader(data, "net.pkl", Limits(heap=8192 * size)).read() == body.decode()
        with pytest.raises(KnowledgeError, match="bytes of memory"):
            PickleReader(data, "net.pkl", Limits(heap=8192 * size - 1)).read()


def test_lone_surrogates_are_read_only_in_short_text() -> None:
    assert PickleReader(b"X\x03\x00\x00\x00\xed\xa0\x80.", "net.pkl").read() == "\ud800"
    assert "is not a pickle, or is damaged: invalid instruction at byte" in said(
        b"X\x02\x18\x00\x00" + b"\xed\xa0\x80" * 2050 + b"."
    )


def test_the_time_limit_covers_all_steps_of_loading() -> None:
    xml = (ROOT / "tests/fixtures/networks/bn_2_3_1/net.xml").read_bytes()
    assert "exceeds the limit of 0 seconds of CPU time" in said(xml, seconds=0)
    assert "exceeds the limit of 0 seconds of CPU time" in said(b"N0" * 5_000 + b"N.", seconds=0)
    with pytest.raises(
        KnowledgeError, match="raise the time limit; if it is compressed, decompress it first"
    ):
        read_network(gzip.compress(xml), "net.xml.gz", Limits(seconds=0))


def test_the_time_limit_counts_only_cpu_time_of_the_thread(written: Written, default_pickle: bytes) -> None:
    path = written(default_pickle)
    time.sleep(0.2)
    assert load_knowledge(path, limits=Limits(seconds=0.19)).parameter_count


def test_modules_and_connections_have_a_limit(default_pickle: bytes) -> None:
    assert "exceeds the limit of 3 modules and connections" in said(default_pickle, parts=3)


def test_an_overlong_name_is_refused_where_it_is_used() -> None:
    state = b"}(U\x05_nameX\x01\x10\x00\x00" + b"a" * 4097 + b"U\x05indimK\x01U\x06outdimK\x01u"
    data = b"\x80\x02cpybrain.structure.modules.linearlayer\nLinearLayer\n)\x81" + state + b"b."
    assert "exceeds the limit of 4,096 characters in a name" in said(data)


def test_values_around_a_network_have_a_limit() -> None:
    data = b"\x80\x02(" + (b"(" + b"N" * 50 + b"l") * 50 + b"l."
    assert "exceeds the limit of 20,000 checked items" in said(data, steps=20_000)


# XML.


def xml(inside: str, start: str = f'<PyBrain><Network class="{NETWORK}" name="n">') -> bytes:
    return (start + inside).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<PyBrain " + b" ".join(b'a%d=""' % n for n in range(65)) + b"/>", "exceeds the limit of 64 attributes"),
        (b"<PyBrain " + b"a" * 400_000 + b'="">', "bytes in one tag"),
        (b'<PyBrain a="' + b"a" * 400_000 + b'">', "bytes in one tag"),
        (b"<PyBrain><!--" + b"a" * 400_000 + b"-->", "bytes in one tag"),
        (b"<P>" + b"".join(b"<a%d/>" % n for n in range(1_001)), "the limit of 1,000 names of elements and attributes"),
        (b"<P>" + b"".join(b'<a b%d=""/>' % n for n in range(1_001)), "exceeds the limit of 1,000 names of elements"),
    ],
)  # fmt: skip
def test_expensive_markup_is_refused(data: bytes, words: str) -> None:
    assert words in said(data)


def test_elements_and_attributes_count_towards_the_budget() -> None:
    data = b"<PyBrain>" + b'<a b="c"/>' * 100 + b"</PyBrain>"
    assert "bytes of memory" in said(data, heap=30_000)


def mother(numbers: str) -> bytes:
    cls = "pybrain.structure.connections.shared.MotherConnection"
    return xml(
        f'<MotherConnections><MotherConnection name="m" class="{cls}"><Parameters>{numbers}</Parameters>'
        "</MotherConnection></MotherConnections></Network></PyBrain>"
    )


@pytest.mark.parametrize(
    "written_as",
    ["[{}]", "array([{}])", "  [ {} ]  ", "np.float64({})", "{}"],
)
@pytest.mark.parametrize("count", [0, 1, 2, 5_000])
def test_numbers_parsed_in_chunks_equal_numbers_parsed_at_once(written_as: str, count: int) -> None:
    numbers = [0.1 * n for n in range(count)]
    network = read_xml(mother(written_as.format(", ".join(map(repr, numbers)))), "net.xml")
    shared = network.state["motherconnections"][0].state["_params"].array  # type: ignore[index]
    assert shared.tolist() == numbers


@pytest.mark.parametrize(
    "numbers", ["1,,2", "1,", "1 2", "١", "0," * 40_000 + "x", "0" * 70_000, "1" * 600 + "x"]
)
def test_invalid_numbers_are_refused_at_every_position(numbers: str) -> None:
    assert "has Parameters that are not a list of numbers" in said(mother(numbers))


def test_numbers_beyond_the_limit_are_not_kept() -> None:
    assert "exceeds the limit of 100 parameters in a file" in said(
        mother("1," * 100 + "1"), array_elements=100
    )


# npz.


def npz(description: object, **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, network=np.array(json.dumps(description)), **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def one_layer(**more: object) -> dict[str, object]:
    layer = {"kind": "LinearLayer", "name": "in", "indim": 1, "outdim": 1, "options": {}, "arrays": {}}
    module = layer | {key: more.pop(key) for key in ("memory",) if key in more}
    network = {
        "kind": "RecurrentNetwork", "name": "n", "steps_done": 1, "recurrent": True, "modules": [module],
        "inputs": [0], "outputs": [0], "connections": [], "mothers": [], "recurrent_connections": [],
    }  # fmt: skip
    return {"format": "app07-network", "version": 1, "network": network | more}


def test_a_step_count_beyond_memory_is_refused() -> None:
    data = npz(one_layer(steps_done=10**30, memory={"output": "a"}), a=np.zeros(1))
    assert "has no valid steps_done" in said(data)


def test_text_is_not_accepted_as_recurrent_state() -> None:
    data = npz(one_layer(memory={"output": "a"}), a=np.array("abc"))
    assert read_network(data, "net.npz").network.modules[0].memory is None


def test_an_invalid_module_index_is_shortened_in_the_message() -> None:
    assert "refers to module" in said(npz(one_layer(inputs=[2**31 - 1])))
    assert "has no valid inputs" in said(npz(one_layer(inputs=[10**4000])))


def test_highly_compressible_content_is_unpacked_completely() -> None:
    # All of it has gone into zlib when the first piece comes out.
    data = npz(one_layer(more=" " * 600_000))
    assert read_network(data, "net.npz").network.indim == 1


def test_members_of_a_zip_are_counted_before_its_directory_is_read() -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_001, 60_001, 60_001 * 47, 30, 0)
    entry = b"PK\1\2" + bytes(24) + b"\1\0" + bytes(16) + b"a"
    data = b"PK\3\4" + bytes(26) + entry * 60_001 + end
    tracemalloc.start()
    assert "exceeds the limit of 60,000 members" in said(data)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_with_another_compression_than_numpys_are_refused(method: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("network.npy", b"a" * 1000)
    assert "a member is encrypted, or its compression is not supported" in said(file.getvalue())


def test_a_description_counts_towards_the_budget_before_parsing() -> None:
    assert "bytes of memory" in said(npz([{}] * 1000), heap=200_000)


def test_the_total_size_of_all_arrays_is_limited() -> None:
    data = npz(one_layer(mothers=[{"name": "m", "parameters": "a"}]), a=np.zeros(1001))
    with pytest.raises(KnowledgeError, match="exceeds the limit of 1,000 numbers"):
        read_npz(data, "net.npz", Limits(array_elements=1000))


# What many parts share.


def test_recurrent_state_is_measured_before_conversion() -> None:
    from pybrain_runtime.loading.describe import _row
    from pybrain_runtime.loading.values import ArrayValue

    wide = ArrayValue(np.broadcast_to(np.zeros((1, 1), np.uint8), (1, 1 << 40)))
    assert _row(wide, 1, 10) is None  # eight terabytes as float64


def test_parameters_of_the_wrong_count_are_not_converted(default_pickle: bytes) -> None:
    from pybrain_runtime.loading.instance_state import State
    from pybrain_runtime.loading.values import ArrayValue, Instance
    from pybrain_runtime.network.allow_list import class_entry

    connection = Instance(class_entry("FullConnection"))
    connection.state = {"_params": ArrayValue(np.broadcast_to(np.zeros(1, np.uint8), (1 << 40,)))}
    with pytest.raises(KnowledgeError, match="has 1099511627776 numbers in _params; expected 4"):
        State(connection, "net.pkl").numbers("_params", 4)


def test_many_modules_of_one_name_get_names_in_linear_time(default_pickle: bytes) -> None:
    network = read_network(default_pickle, "net.pkl").network
    many = network.replace(modules=(network.modules[0].replace(name="a"),) * 20_000)
    started = time.process_time()
    names = distinct_names(many)
    assert time.process_time() - started < 5  # counting from 1 for each takes 200 million steps
    assert names[:3] == ["a", "a-2", "a-3"] and names[-1] == "a-20000" and len(set(names)) == 20_000


# Rows.


@pytest.mark.parametrize(("columns", "fast"), [(10_000, True), (10_001, False)])
def test_a_very_wide_table_is_read_without_pyarrow(
    columns: int, fast: bool, written: Written, default_pickle: bytes
) -> None:
    knowledge = load_knowledge(written(default_pickle))
    header = ",".join(["a", "b", "c", "d", *[""] * (columns - 4)])
    path = written(f"{header}\n1,2,3,4{',0' * (columns - 4)}\n", "rows.csv")
    with ActivationStream(path, knowledge, input_columns=["a", "b", "c", "d"], fast=True) as stream:
        assert stream.fast is fast
        assert [inputs.tolist() for inputs, _ in stream] == [[[1.0, 2.0, 3.0, 4.0]]]


# Inspection, cards, the corpus.


def test_a_second_reading_of_an_inspection_uses_the_remaining_time(written: Written) -> None:
    found = inspect_file(written(b"(" + b"N" * 1_000_000 + b"N"), limits=Limits(seconds=0.01))
    assert found.error is not None and "0.01 seconds of CPU time" in found.error.message


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ('{"name": 1' + "0" * 900_000 + "}", "has a number with too many digits"),
        ('{"inputs": [{"mean": 1' + "0" * 4_000 + "}]}", "lists 1 inputs"),
        ('{"a": 1, "' + "b" * 500 + '": 1, "' + "b" * 500 + '": 2}', "has the key 'bbbb"),
        ("[" * 400_000, "is not JSON: its lists and objects are nested too deeply"),
    ],
)
def test_an_expensive_card_is_refused_with_a_short_message(
    card: str, words: str, written: Written, default_pickle: bytes
) -> None:
    path = written(default_pickle, "net.pkl")
    path.with_name("net.card.json").write_text(card)
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(path)
    assert words in caught.value.message and len(caught.value.message) < 300


def test_the_cost_corpus_can_be_read(tmp_path: Path) -> None:
    files = sorted((FUZZ / "cost_corpus").iterdir())
    assert len(files) > 10 and sum(path.stat().st_size for path in files) < 300_000
    for path in files[:3]:
        shutil.copy(path, tmp_path)
    done = subprocess.run(
        [sys.executable, str(FUZZ / "cost.py"), "--replay", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("kept  ") == 3
    assert "0 files exceed the limits of 512 MB and 2 s" in done.stdout


def test_the_cost_corpus_and_its_mutations_stay_within_the_limits(tmp_path: Path) -> None:
    """A search first reads the whole corpus."""
    corpus = list((FUZZ / "cost_corpus").iterdir())
    words = [sys.executable, str(FUZZ / "cost.py"), "--seconds", "1", "--found", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = re.search(r"([\d,]+) files read, 0 exceeded the limits of 512 MB and 2 s", done.stdout)
    assert said and int(said[1].replace(",", "")) > len(corpus)
    assert list(tmp_path.iterdir())


def test_describe_can_be_called_without_a_budget(default_pickle: bytes) -> None:
    root = PickleReader(default_pickle, "net.pkl").read()
    assert describe(root, "net.pkl").indim == 4  # type: ignore[arg-type]
