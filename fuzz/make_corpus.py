"""Create the seed corpus: small recorded networks of each kind and writer, and hand-written files.

    .venv/bin/python fuzz/make_corpus.py

Its output is committed, so a fuzzer can start without running it. The output is the same in every run, except the
npz and XML files, which change when their writers do.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
from pathlib import Path

import hostile

from pybrain_runtime import load_knowledge
from pybrain_runtime.convert.npz import npz_bytes
from pybrain_runtime.convert.xml import xml_bytes

HERE = Path(__file__).parent
SMALL = 4_000  # maximum bytes of a file in the cost corpus
FIXTURES = HERE.parent / "tests" / "fixtures"

# Each kind of writer, protocol, layer and connection at least once, each in its smallest file.
RECORDED = (
    "networks/bn_1_1/net.p0.pkl",
    "networks/bn_2_1/net.p2.pkl",
    "networks/man_linearconn/net.p4.pkl",
    "networks/man_sliced/net.p2.pkl",
    "networks/man_shared/net.p4.pkl",
    "networks/man_permutation/net.p4.pkl",
    "networks/man_subsampling/net.p2.pkl",
    "networks/man_mixturedensity/net.p4.pkl",
    "networks/man_gaussian_disabled/net.p2.pkl",
    "networks/man_switchlayer/net.p4.pkl",
    "networks/man_gatelayer/net.p4.pkl",
    "networks/rnn_tutorial/net.p4.pkl",
    "networks/rnn_bn_lstm_nobias/net.p2.pkl",
    "networks/man_nested_ffn/net.p4.pkl",
    "networks_py27/bn_4_8_2/net.p2.pkl",
    "networks_numpy2/bn_4_8_2/net.p5.pkl",
    "objects/cheaplycopiable.p2.pkl",
    "objects/ds_supervised.p2.pkl",
    "objects/kohonen.p2.pkl",
    "objects/trainer_rprop.p4.pkl",
    "objects/wrap_dict.p4.pkl",
    "objects/single_layer.p0.pkl",
    "objects/crlf.p0.pkl",
)
XML = ("networks/bn_1_1/net.xml", "networks/rnn_bn_lstm_peep/net.xml", "networks/man_shared/net.xml")
CONVERTED = ("man_sliced", "man_shared2", "rnn_midsequence", "man_permutation")

# One for each way in which a pickle can request a call; none may be executed.
HOSTILE = {
    "global": b"cos\nsystem\n(S'id'\ntR.",
    "stack_global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
    "inst": b"(S'id'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'id'\no.",
    "newobj": b"\x80\x02cos\nsystem\n)\x81.",
    "newobj_ex": b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.",
    "build_class": b"\x80\x02cpybrain.structure.modules.linearlayer\nLinearLayer\n}U\x03dimK\x01sb.",
    "ext": b"\x80\x02\x82\x01.",
    "persid": b"Psomething\n.",
    "buffer": b"\x80\x05\x97.",
    "dotted": b"\x80\x04\x8c\x05numpy\x8c\tos.getpid\x93)R.",
    "memo": b"(lp0\n0g0\ng0\na.",
    "deep": b"(" * 200 + b"t" * 200 + b".",
    "array_of_objects": b"\x80\x02cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R.",
    "huge_shape": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
    b"\x8a\x05\xff\xff\xff\xff\x7f\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R\x89U\x01xtb.",
    "scalar": b"\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ"
    b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x08\x00\x00\x00\x00\x00\x00\xf0?\x86R.",
    "xml_entity": b"<!DOCTYPE a [<!ENTITY b 'c'>]><PyBrain>&b;</PyBrain>",
    "xml_eval": b"<PyBrain><Network class='pybrain.structure.networks.feedforward.FeedForwardNetwork'><Modules>"
    b"<LinearLayer name='in' class='pybrain.structure.modules.linearlayer.LinearLayer'>"
    b"<dim val='__import__(\"os\").getpid()'/></LinearLayer></Modules></Network></PyBrain>",
    "xml_list": b"<PyBrain><Network class='pybrain.structure.networks.feedforward.FeedForwardNetwork'><Modules>"
    b"<LinearLayer name='in' class='pybrain.structure.modules.linearlayer.LinearLayer'>"
    b"<dim val='[1, 10 0]'/></LinearLayer></Modules></Network></PyBrain>",  # used to raise a ValueError
    "zip": b"PK\x03\x04",
}

TABLES = {
    "commas": b"0.1,0.2\n-3e-5,4\n",
    "header": b"x,y\n1,2\n3,4\n",
    "targets": b"x;y;z\r\n0,5;1,5;2\r\n",
    "tabs": b"1\t2\n3\t4",
    "mark": b"\xef\xbb\xbf1,2\n",
    "quotes": b'"a","b ""c"""\n"1","2"\n',
    "blank": b"1,2\n\n",
    "blank_inside": b"1,2\n\n3,4\n",
    "empty_cell": b"1,\n",
    "not_finite": b"nan,inf\n1,2\n",
    "words": b"1,two\n",
    "three": b"1,2,3\n4,5,6\n",
    "four": b"1,2,3,4\n",
    "underscores": b"1_000,2\n",
    "other_digits": "１,２\n".encode(),
    "latin1": "größe,x\n1,2\n".encode("latin1"),
    "utf16": "1,2\n".encode("utf-16"),
    "zero": b"1,2\x00\n",
    "hex": b"0x10,1e400\n",
    "long": b"0." + b"1" * 400 + b",1\n",
    "many": b"1.5,-2.25\n" * 60,
    "objects": b'{"x": 1, "y": 2.5}\n{"y": 3, "x": -4e2}\n',
    "arrays": b"[1, 2, 3]\n[4, 5, 6]\n",
    "json_mistakes": b'[1, 2]\n\n[null, NaN]\n{"x": 1}\n[1, "2"]\n[1\n',
    "packed": gzip.compress(b"1,2\n3,4\n", mtime=0),
    "packed_in_parts": gzip.compress(b"1,2\n3,", mtime=0) + gzip.compress(b"4\n", mtime=0) + bytes(9),
    "parquet_begun": b"PAR1\x15\x04\x15",
}


def write(folder: Path, contents: dict[str, bytes], *, beside: bool = False) -> int:
    """Write a corpus to a folder, which is emptied first unless files are added; return its size.

    Args:
        folder: the folder of the corpus.
        contents: the contents of the files, by a description.
        beside: whether to add to the existing files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir() if not beside else ():
        old.unlink()
    for content in contents.values():
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    return sum(len(content) for content in contents.values())


def knowledge() -> dict[str, bytes]:
    """Return valid and invalid knowledge files."""
    files = {name: (FIXTURES / name).read_bytes() for name in (*RECORDED, *XML)}
    for name in CONVERTED:
        network = load_knowledge(FIXTURES / "networks" / name / "net.p2.pkl").network
        files[f"{name}.npz"], files[f"{name}.xml"] = npz_bytes(network), xml_bytes(network)
    smallest = (FIXTURES / RECORDED[0]).read_bytes()
    return files | HOSTILE | {"gz": gzip.compress(smallest, mtime=0), "bz2": bz2.compress(smallest)}


def costly() -> dict[str, bytes]:
    """Return the small expensive files, plain or compressed."""
    families = {name: make() for name, make in (hostile.PICKLES | hostile.NPZ).items()}
    packed = {
        name: data if len(data) <= SMALL else gzip.compress(data, mtime=0) for name, data in families.items()
    }
    return {name: data for name, data in packed.items() if len(data) <= SMALL}


def main() -> None:
    """Write the corpora; findings of the search for expensive files are kept."""
    for name, contents in (("knowledge", knowledge()), ("activation", TABLES)):
        size = write(HERE / "corpus" / name, contents)
        print(f"fuzz/corpus/{name}: {len(contents)} files, {size:,} bytes")
    contents = costly()
    size = write(HERE / "cost_corpus", contents, beside=True)
    print(f"fuzz/cost_corpus: {len(contents)} files, {size:,} bytes")


if __name__ == "__main__":
    main()
