"""What the worst files cost: each is read in a process of its own, and the most memory that it had is looked at.

Times are printed (``pytest -s``), and nothing is asked of them: the aim is 2 s for each file.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

FIXTURES = Path(__file__).parents[1] / "fixtures"
MIB = 1 << 20
LIMIT = 512  # MB

READ = """
import sys, time
from pybrain_runtime import ActivationStream, load_knowledge
from pybrain_runtime.errors import PipelineError
kind, path, flower = sys.argv[1:]
started = time.perf_counter()
try:
    if kind == "knowledge":
        load_knowledge(path)
    else:
        with ActivationStream(path, load_knowledge(flower), skip=kind == "skipped rows") as stream:
            for inputs, targets in stream:
                pass
    said = "accepted"
except PipelineError as error:
    said = error.message[:100]
seconds = time.perf_counter() - started
# Not ru_maxrss: that begins with what the process had that started this one.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) // 1024, round(seconds, 2), ascii(said))
"""


def text(size: int, prefix: bytes = b"X") -> bytes:
    """Text in four-byte units: one character out of the way makes every other one as wide."""
    body = b"a" * (size - 20) + "\U0001f600".encode()
    return prefix + len(body).to_bytes(4, "little") + body


def array(count: int) -> bytes:
    """An array of four times so many bytes in protocol 2, its bytes as text of Latin-1, as Python 3 writes them."""
    raw = b"\xc3\xbf" * (4 * count)
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    content = b"c_codecs\nencode\n(X" + len(raw).to_bytes(4, "little") + raw + b"U\x06latin1tR"
    return (
        b"\x80\x02" + made + b"(K\x01(J" + (4 * count).to_bytes(4, "little")
        + b"tcnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + content + b"tb."
    )  # fmt: skip


def gzipped(block: bytes, count: int) -> bytes:
    """A gzip archive of a block that is there many times, packed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, end = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH), packer.flush()
    checksum = 0
    for _ in range(count):
        checksum = zlib.crc32(block, checksum)
    size = len(block) * count
    head = b"\x1f\x8b\x08" + bytes(7)
    return head + packed * count + end + checksum.to_bytes(4, "little") + size.to_bytes(4, "little")


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in members.items():
            writer.writestr(name, content)
    return file.getvalue()


KNOWLEDGE: dict[str, Callable[[], bytes]] = {
    "a million dicts": lambda: b"(" + b"}" * 999_990 + b"l.",
    "a million dicts, remembered": lambda: b"\x80\x04(" + b"}\x94" * 499_990 + b"l.",
    "a million lists in one another": lambda: b"(" * 900 + b"]" * 990_000 + b"l" * 900 + b".",
    "a million sets": lambda: b"\x80\x04" + b"\x8f" * 999_990 + b".",
    "a million integers as text": lambda: b"(" + b"I12345678901234567890\n" * 900_000 + b"l.",
    "a million objects": lambda: b"(" + b"ccollections\nOrderedDict\n)R" * 300_000 + b"l.",
    "one text of 64 MB": lambda: text(64 * MIB - 64) + b".",
    "many texts of a megabyte": lambda: b"(" + text(MIB) * 62 + b"l.",
    "text with escapes of 64 MB": lambda: b"V" + b"\\u1234" * (10 * MIB) + b"\n.",
    "a string with escapes of 64 MB": lambda: b"S'" + b"\\x41" * (15 * MIB) + b"'\n.",
    "an array of 28 MB as text": lambda: array(7 * MIB),
    "a gzip bomb within the limit": lambda: gzip.compress(b"(" + b"N" * (63 * MIB) + b"l.", 9),
    "a gzip bomb": lambda: gzipped(bytes(MIB), 700),
    "a bzip2 bomb": lambda: bz2.compress(bytes(12 * MIB)) * 60,
    "an npz bomb": lambda: zipped({"network.npy": bytes(300 * MIB)}),
    "a million elements of XML": lambda: b"<PyBrain>" + b"<a/>" * 999_000 + b"</PyBrain>",
    "XML of 64 MB in one text": lambda: b"<PyBrain><Network>" + b"1," * (31 * MIB) + b"</Network></PyBrain>",
    "XML with long attributes": lambda: b"<PyBrain>" + (b'<a b="' + b"x" * 4_000 + b'"/>') * 16_000 + b"</PyBrain>",
}  # fmt: skip


CARD_NAMES = "sepal_length,sepal_width,petal_length,petal_width"


def parquet_of(rows: int) -> bytes:
    file = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([0.5])).cast(
        pa.float64()
    )
    parquet.write_table(
        pa.table([column] * 4, names=CARD_NAMES.split(",")), file, row_group_size=rows, compression="zstd"
    )
    return file.getvalue()


ROWS: dict[str, Callable[[], bytes]] = {
    "one line of 600 MB, packed": lambda: gzipped(b"1" * MIB, 700),
    "a line of many cells": lambda: b"1," * (MIB // 2 - 10) + b"1\n",
    "a header of many names": lambda: b",".join(b"n%d" % n for n in range(120_000)) + b"\n1,2\n",
    "a header of many names with the card's": lambda: (
        f"{CARD_NAMES},".encode() + b"," * (MIB - 200) + b"x\n" + b"1,2,3,4," + b"," * (MIB - 200) + b"1\n"
    ),
    "quoted cells with many delimiters": lambda: b'"' + b"," * (MIB - 20) + b'",1\n',
    "JSON nested deeply": lambda: b"[" * (MIB - 10),
    "JSON with many keys": lambda: json.dumps({f"k{n}": n for n in range(50_000)}).encode() + b"\n",
    "JSON with a long number": lambda: b"[1,2,3," + b"9" * (MIB - 20) + b"]\n",
    "blank lines": lambda: b"1,2,3,4\n" + b"\n" * (32 * MIB) + b"1,2,3,4\n",
    "Parquet of five million equal rows": lambda: parquet_of(5_000_000),
}  # fmt: skip


def cost(kind: str, content: bytes, folder: Path) -> tuple[int, float, str]:
    """Reads a file in a process of its own; returns MB, seconds, and what was said."""
    path = folder / "bomb"
    path.write_bytes(content)
    flower = str(FIXTURES / "default/iris/currentSolution.pkl")
    words = [sys.executable, "-c", READ, kind, str(path), flower]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    path.unlink()
    assert done.returncode == 0, done.stderr[-2_000:]
    megabytes, seconds, said = done.stdout.split(maxsplit=2)
    return int(megabytes), float(seconds), said


@pytest.mark.parametrize("case", KNOWLEDGE)
def test_a_hostile_network_stays_within_memory(case: str, tmp_path: Path) -> None:
    megabytes, seconds, said = cost("knowledge", KNOWLEDGE[case](), tmp_path)
    print(f"\n{case}: {megabytes} MB, {seconds} s: {said}")
    assert said.strip() != "'accepted'"
    assert megabytes < LIMIT


@pytest.mark.parametrize("case", ROWS)
def test_hostile_rows_stay_within_memory(case: str, tmp_path: Path) -> None:
    megabytes, seconds, said = cost("rows", ROWS[case](), tmp_path)
    print(f"\n{case}: {megabytes} MB, {seconds} s: {said}")
    assert megabytes < LIMIT


def test_a_great_many_blank_lines_can_be_left_out(tmp_path: Path) -> None:
    megabytes, seconds, said = cost("skipped rows", ROWS["blank lines"](), tmp_path)
    print(f"\n{megabytes} MB, {seconds} s: {said}")
    assert said.strip() == "'accepted'" and megabytes < LIMIT
