"""Knowledge files designed to be as expensive as possible, by family; each file is generated on request."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

import numpy as np

MIB = 1 << 20
_BZIP2_END, _BZIP2_MASK = 0x177245385090, 0xFFFFFFFFFFFF
_LINEAR = b"cpybrain.structure.modules.linearlayer\nLinearLayer\n"
_IDENTITY = b"cpybrain.structure.connections.identity\nIdentityConnection\n"
_NETWORK = b"cpybrain.structure.networks.feedforward\nFeedForwardNetwork\n"
_MOTHER = b"cpybrain.structure.connections.shared\nMotherConnection\n"
_XML_NETWORK = (
    b'<PyBrain><Network class="pybrain.structure.networks.feedforward.FeedForwardNetwork" name="n">'
)


def text(size: int, prefix: bytes = b"X", wide: str = "\U0001f600") -> bytes:
    """Return text of four-byte units: one astral character makes all others equally wide."""
    end = wide.encode()
    return prefix + size.to_bytes(4, "little") + b"a" * (size - len(end)) + end


def array(count: int) -> bytes:
    """Return an array in protocol 2 with its bytes as Latin-1 text, as Python 3 writes them."""
    raw = b"\xc3\xbf" * (4 * count)
    content = b"c_codecs\nencode\n(X" + len(raw).to_bytes(4, "little") + raw + b"U\x06latin1tR"
    return b"\x80\x02" + array_of(b"u1", 4 * count, content) + b"."


def array_of(code: bytes, count: int, content: bytes) -> bytes:
    """Return the opcodes of a one-dimensional array, from the opcodes of its content."""
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    order = b"|" if code.endswith(b"1") else b"<"
    return (
        made + b"(K\x01(J" + count.to_bytes(4, "little")
        + b"tcnumpy\ndtype\n(U\x02" + code + b"K\x00K\x01tR(K\x03U\x01" + order
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + content + b"tb"
    )  # fmt: skip


def gzipped(block: bytes, count: int) -> bytes:
    """Return a gzip archive of a repeated block, compressed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, end = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH), packer.flush()
    checksum = 0
    for _ in range(count):
        checksum = zlib.crc32(block, checksum)
    size = len(block) * count
    head = b"\x1f\x8b\x08" + bytes(7)
    return head + packed * count + end + checksum.to_bytes(4, "little") + size.to_bytes(4, "little")


def bzipped(block: bytes, count: int) -> bytes:
    """Return a bzip2 archive of a repeated block, compressed once.

    Args:
        block: at most 890,000 bytes that do not pack, which bzip2 compresses as one block.
        count: how often it is repeated: a multiple of eight, because blocks do not begin at bytes, but eight do.
    """
    once = bz2.compress(block)
    # Four bytes, the block, six bytes that mark the end, four of a checksum, and what completes the last byte.
    bits = int.from_bytes(once[4:], "big")
    unused = next(places for places in range(8) if (bits >> (places + 32)) & _BZIP2_MASK == _BZIP2_END)
    one = bits >> (unused + 80)
    width = 8 * len(once[4:]) - unused - 80
    eight = sum(one << (place * width) for place in range(8)).to_bytes(width, "big")
    checksum, total = (bits >> unused) & 0xFFFFFFFF, 0
    for _ in range(count):
        total = ((total << 1 | total >> 31) & 0xFFFFFFFF) ^ checksum
    return once[:4] + eight * (count // 8) + (_BZIP2_END << 32 | total).to_bytes(10, "big")


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive; what is deflated is deflated fast."""
    file = io.BytesIO()
    level = 1 if method == zipfile.ZIP_DEFLATED else None
    with zipfile.ZipFile(file, "w", method, compresslevel=level) as writer:
        for name, content in members.items():
            writer.writestr(name, content)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    """Return an array in the npy format."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def described(description: str) -> bytes:
    """Return an npz file with a given description text."""
    return zipped({"network.npy": npy(np.array(description))})


def directory(count: int, name: bytes = b"a") -> bytes:
    """Return a zip archive that consists of directory entries only, with names that begin with a number."""
    numbered = (_entry(b"%d" % place + name) for place in range(count))
    listed = b"".join(numbered) if len(name) > 1 else _entry(name) * count
    most = min(count, 65535)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, most, most, len(listed), 30, 0)
    return b"PK\x03\x04" + bytes(26) + listed + end


def _entry(name: bytes) -> bytes:
    return b"PK\x01\x02" + bytes(24) + len(name).to_bytes(2, "little") + bytes(16) + name


# Pickles.


def shared_tuples(depth: int, end: bytes) -> bytes:
    """Return nested tuples, each of which contains the next one twice: their repr has ``2 ** depth`` items."""
    steps = b"".join(b"q\x01h\x01\x86" for _ in range(depth))
    return b"\x80\x02" + b"K\x00" + steps + end


def colliding_pairs(count: int) -> bytes:
    """Return a dict whose keys are number pairs with the same hash, by CPython's hash formula."""
    p1, p2, p5, mask = 11400714785074694791, 14029467366897019727, 2870177450012600261, (1 << 64) - 1
    inverse1, inverse2 = pow(p1, -1, 1 << 64), pow(p2, -1, 1 << 64)
    wanted = 0x123456789ABCDEF0
    found, first = [], 0
    limit = (1 << 61) - 1
    while len(found) < count:
        first += 1
        acc = (p5 + first * p2) & mask
        acc = (((acc << 31) | (acc >> 33)) * p1) & mask
        before = (wanted * inverse1) & mask
        before = ((before >> 31) | (before << 33)) & mask
        lane = ((before - acc) * inverse2) & mask
        signed = lane - (1 << 64) if lane >> 63 else lane
        if abs(signed) < limit and signed != -1:
            found.append((first, signed))
    assert len({hash(pair) for pair in found}) == 1
    numbers = ((a.to_bytes(4, "little"), b.to_bytes(8, "little", signed=True)) for a, b in found)
    body = b"".join(b"J%s\x8a\x08%s\x86N" % pair for pair in numbers)
    return b"\x80\x02}(" + body + b"u."


def numbers_as_keys(make: Callable[[int], int], count: int) -> bytes:
    """Return a pickle of a dict whose keys are the numbers of a sequence."""
    numbers = (make(n).to_bytes(8, "little", signed=True) for n in range(count))
    return b"\x80\x02}(" + b"".join(b"\x8a\x08%sN" % number for number in numbers) + b"u."


def floats_as_keys() -> bytes:
    """Return floats with the same hash: they differ by factors of ``2 ** 61``."""
    numbers = (2.0**exponent * m for exponent in range(-1000, 1000, 61) for m in range(1, 9_000))
    return b"\x80\x02}(" + b"".join(b"G%sN" % struct.pack(">d", number) for number in numbers) + b"u."


def dicts_with_long_keys(dicts: int, keys: int) -> bytes:
    """Return a pickle of a list of dicts with long text as keys."""
    one = b"}(" + b"".join(b"\x8c\x28%040dN" % n for n in range(keys)) + b"u"
    return b"\x80\x04(" + one * dicts + b"l."


def _xml_of(parts: Iterable[bytes]) -> bytes:
    return b"<PyBrain>" + b"".join(parts) + b"</PyBrain>"


def _xml_modules(part: bytes, count: int) -> bytes:
    return (
        _XML_NETWORK
        + b"<Modules>"
        + b"".join(part % n for n in range(count))
        + b"</Modules></Network></PyBrain>"
    )


def equal_long_keys(count: int) -> bytes:
    """Return a pickle that sets two equal strings as keys in turn, so that each is compared completely."""
    one = text(30 * MIB, wide="")
    return b"\x80\x02" + one + b"q\x010" + one + b"q\x020" + b"}(" + b"h\x01Nh\x02N" * count + b"u."


def modules(count: int, state: bytes, cls: bytes = _LINEAR) -> bytes:
    """Return a network of modules that share one state."""
    one = b"h\x01)\x81h\x02b"
    return (
        b"\x80\x02" + cls + b"q\x010" + state + b"q\x020"
        + _NETWORK + b")\x81}(U\x07modules(" + one * count + b"lub."
    )  # fmt: skip


def _layer_state(**more: bytes) -> bytes:
    items = {"indim": b"K\x01", "outdim": b"K\x01", "dim": b"K\x01"} | more
    return (
        b"}("
        + b"".join(b"U" + bytes([len(key)]) + key.encode() + value for key, value in items.items())
        + b"u"
    )


def _bytes_of_shape(shape: bytes, size: int) -> bytes:
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01" + shape
        + b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"\x8e" + size.to_bytes(8, "little") + bytes(size) + b"tb"
    )  # fmt: skip


def remembered_rows(count: int) -> bytes:
    """Return layers that share a buffer of seven million bytes, which conversion would enlarge eight times for each."""
    size = 7 * MIB
    buffer = _bytes_of_shape(b"(K\x01J" + size.to_bytes(4, "little") + b"t", size)
    state = _layer_state(outputbuffer=_bytes_of_shape(b"(K\x01K\x01t", 1), state=buffer)
    one = b"h\x01)\x81h\x02bq\x03"
    recurrent = b"cpybrain.structure.networks.recurrent\nRecurrentNetwork\n"
    return (
        b"\x80\x04" + _LINEAR + b"q\x010" + state + b"q\x020" + recurrent
        + b")\x81}(U\x0erecurrentConns]U\x06offsetK\x01U\x07modules(" + one * count
        + b"lU\x09inmodules(h\x03lU\x0aoutmodules(h\x03lub."
    )  # fmt: skip


def long_named_mothers(count: int) -> bytes:
    """Return shared-parameter owners with one long name; each would get a longer, unique name."""
    state = b"}(U\x05_name" + text(30 * MIB, wide="") + b"U\x08nbparamsK\x00U\x07_params]u"
    one = b"h\x01)\x81h\x02b"
    return (
        b"\x80\x02" + _MOTHER + b"q\x010" + state + b"q\x020"
        + _NETWORK + b")\x81}(U\x11motherconnections(" + one * count + b"lU\x07modules("
        + _LINEAR + b")\x81" + _layer_state() + b"bq\x03lU\x09inmodules(h\x03lU\x0aoutmodules(h\x03lub."
    )  # fmt: skip


def escaped(text: str, lines: int) -> bytes:
    """Return a pickle of a repeated string with escapes."""
    return b"V" + text.encode() * lines + b"\n."


PICKLES: dict[str, Callable[[], bytes]] = {
    "a million dicts": lambda: b"(" + b"}" * 999_990 + b"l.",
    "a million dicts, remembered": lambda: b"\x80\x04(" + b"}\x94" * 499_990 + b"l.",
    "a million lists in one another": lambda: b"(" * 900 + b"]" * 990_000 + b"l" * 900 + b".",
    "lists of one item": lambda: b"\x80\x04(" + b"]Na" * 333_000 + b"l.",
    "dicts of one item": lambda: b"\x80\x04(" + b"}NNs" * 249_990 + b"l.",
    "a million sets": lambda: b"\x80\x04" + b"\x8f" * 999_990 + b".",
    "frozen sets": lambda: b"\x80\x04" + b"(\x91" * 499_990 + b".",
    "sets by calls": lambda: b"\x80\x02" + b"c__builtin__\nset\nq\x010(" + b"h\x01)R" * 330_000 + b"l.",
    "a million tuples in one another": lambda: b"\x80\x02N" + b"\x85" * 999_990 + b".",
    "integers as text": lambda: b"(" + b"I12345678901234567890\n" * 900_000 + b"l.",
    "long integers as text": lambda: b"(" + (b"L" + b"9" * 380 + b"L\n") * 170_000 + b"l.",
    "long integers": lambda: b"\x80\x02(" + (b"\x8a\x80" + b"\x7f" * 128) * 500_000 + b"l.",
    "floats as text": lambda: b"(" + (b"F0." + b"1" * 60 + b"\n") * 990_000 + b"l.",
    "a million objects": lambda: b"(" + b"ccollections\nOrderedDict\n)R" * 300_000 + b"l.",
    "objects of one class": lambda: b"\x80\x02" + _LINEAR + b"q\x010(" + b"h\x01)\x81" * 330_000 + b"l.",
    "objects with attributes": lambda: (
        b"\x80\x02" + _LINEAR + b"q\x010}U\x01aNsq\x020(" + b"h\x01)\x81h\x02b" * 190_000 + b"l."
    ),
    "one text of 64 MB": lambda: text(64 * MIB - 64) + b".",
    "one text of 64 MB in Latin-1": lambda: text(64 * MIB - 64, wide="é") + b".",
    "one text of 64 MB in 16 bits": lambda: text(64 * MIB - 64, wide="☃") + b".",
    "one text of 32 MB": lambda: text(32 * MIB) + b".",
    "many texts of a megabyte": lambda: b"(" + text(MIB) * 62 + b"l.",
    "short texts of wide characters": lambda: (
        b"\x80\x04(" + (b"\x8c\xff" + b"a" * 251 + "\U0001f600".encode()) * 250_000 + b"l."
    ),
    "text of halves of surrogates": lambda: (
        b"(" + (b"X\x00\x0f\x00\x00" + b"\xed\xa0\x80" * 1_280) * 16_000 + b"l."
    ),
    "one text of halves of surrogates": lambda: b"X\x00\x00\xc0\x03" + b"\xed\xa0\x80" * (20 * MIB) + b"a." ,
    "names that are asked for": lambda: b"(" + b"cnumpy\ndtype\n" * 990_000 + b"l.",
    "Python 2 text": lambda: b"T" + (64 * MIB - 64).to_bytes(4, "little") + b"\xff" * (64 * MIB - 64) + b".",
    "text with escapes of 64 MB": lambda: escaped("\\u1234", 10 * MIB),
    "text with an escape": lambda: escaped("a", 35 * MIB)[:-2] + b"\\U0001f600\n.",
    "text of 64 MB in a line": lambda: escaped("a", 63 * MIB),
    "a string with escapes of 64 MB": lambda: b"S'" + b"\\x41" * (15 * MIB) + b"'\n.",
    "a string of 64 MB in a line": lambda: b"S'" + b"a" * (63 * MIB) + b"'\n.",
    "a string of quotes": lambda: b"S'" + b"\\'" * (31 * MIB) + b"'\n.",
    "line ends of another system": lambda: b"(" + (b"S'" + b"a" * 1000 + b"'\r\n") * 62_000 + b"l.",
    "an array of 28 MB as text": lambda: array(7 * MIB),
    "an array type of shared tuples": lambda: shared_tuples(
        200, b"q\x02cnumpy\ndtype\n(h\x02K\x00K\x01tR."
    ),
    "a key of shared tuples": lambda: shared_tuples(200, b"q\x020}h\x02Ns."),
    "a key of a long tuple": lambda: b"\x80\x02(" + b"N" * 400_000 + b"tq\x010}(" + b"h\x01N" * 200_000 + b"u.",
    "a key of long text": lambda: equal_long_keys(200_000),
    "keys that collide": lambda: colliding_pairs(120_000),
    "keys that nearly collide": lambda: numbers_as_keys(lambda n: n << 40, 330_000),
    "keys that are floats": floats_as_keys,
    "dicts within dicts beside no network": lambda: (
        b"\x80\x02(" + (b"(" + (b"(" + b"N" * 9_000 + b"l") * 10 + b"l") * 10 + b"l."
    ),
    "long keys beside no network": lambda: dicts_with_long_keys(30, 9_000),
    "many modules": lambda: modules(190_000, _layer_state()),
    "just fewer modules than the limit": lambda: modules(24_990, _layer_state()),
    "rows remembered by many": lambda: remembered_rows(30_000),
    "a long name shared by mothers": lambda: long_named_mothers(30_000),
    "names of 64 MB": lambda: b"\x80\x04" + text(31 * MIB) + b"\x94h\x00\x93.",
}  # fmt: skip


PACKED: dict[str, Callable[[], bytes]] = {
    "a gzip bomb within the limit": lambda: gzip.compress(b"(" + b"N" * (63 * MIB) + b"l.", 9),
    "a gzip bomb": lambda: gzipped(bytes(MIB), 700),
    "gzip of what does not pack": lambda: gzipped(random.Random(0).randbytes(MIB), 63),
    "a bzip2 bomb": lambda: bz2.compress(bytes(12 * MIB)) * 60,
    "a bzip2 bomb of blanks": lambda: bz2.compress(b"\n" * (63 * MIB) + b"<"),
    "a small bzip2 bomb": lambda: bz2.compress(bytes(63 * MIB)),
    "bzip2 of what does not pack": lambda: bzipped(random.Random(0).randbytes(890_000), 48),
    "bzip2 of many members": lambda: bz2.compress(b"") * 63 + bz2.compress(bytes(60 * MIB)),
    "gzip of text": lambda: gzip.compress(text(60 * MIB, wide="é") + b".", 1),
}

NPZ: dict[str, Callable[[], bytes]] = {
    "an npz bomb": lambda: zipped({"network.npy": bytes(300 * MIB)}),
    "an npz of many entries": lambda: directory(MIB),
    "an npz of as many entries as it may have": lambda: directory(60_000),
    "an npz of entries with long names": lambda: directory(14_000, ("\U0001f600" + "a" * 4_000).encode()),
    "an npz packed with lzma": lambda: zipped({"network.npy": bytes(60 * MIB)}, zipfile.ZIP_LZMA),
    "an npz packed with bzip2": lambda: zipped({"network.npy": bytes(60 * MIB)}, zipfile.ZIP_BZIP2),
    "an npz of one long description": lambda: described("[" + "1," * (6 * MIB) + "1]"),
    "an npz of wide text": lambda: described('"' + "\U0001f600" * (15 * MIB) + '"'),
    "an npz of empty objects": lambda: described("[" + "{}," * (4 * MIB) + "{}]"),
    "an npz of small objects": lambda: described("[" + '{"":0},' * (2 * MIB) + "0]"),
    "an npz of short texts": lambda: described("[" + '"ā",' * (3 * MIB) + "0]"),
    "an npz of long numbers": lambda: described("[" + ("9" * 4_000 + ",") * 3_000 + "0]"),
    "an npz of floats": lambda: described("[" + ("0." + "1" * 4_000 + ",") * 3_900 + "0]"),
    "an npz of nested lists": lambda: described("[" * (4 * MIB)),
    "an npz of a large array": lambda: zipped(
        {
            "network.npy": npy(np.array(json.dumps({"format": "app07-network", "version": 1, "network": {
                "kind": "FeedForwardNetwork", "name": "n", "steps_done": 0, "modules": [], "mothers": [
                    {"name": str(place), "parameters": "a"} for place in range(9)]}}))),
            "a.npy": npy(np.zeros(15 * MIB, np.float32)),
        }
    ),
}  # fmt: skip


XML: dict[str, Callable[[], bytes]] = {
    "a million elements of XML": lambda: b"<PyBrain>" + b"<a/>" * 999_000 + b"</PyBrain>",
    "XML with empty lists of numbers": lambda: _xml_of([b"<Parameters/>"] * 400_000),
    "XML with lists of numbers in one another": lambda: _xml_of(
        [*[b"<Parameters>" + b"1" * 500 + b"," + b"1" * 60_000] * 990, *[b"</Parameters>"] * 990]
    ),
    "XML of 64 MB in one text": lambda: b"<PyBrain><Network>" + b"1," * (31 * MIB) + b"</Network></PyBrain>",
    "XML with long attributes": lambda: b"<PyBrain>" + (b'<a b="' + b"x" * 4_000 + b'"/>') * 16_000 + b"</PyBrain>",
    "XML with wide attributes": lambda: (
        b"<PyBrain>" + (b'<a b="' + b"x" * 4_000 + "\U0001f600".encode() + b'"/>') * 16_000 + b"</PyBrain>"
    ),
    "XML with many attributes": lambda: _xml_of(
        [b"<a " + b" ".join(b'a%d=""' % n for n in range(60)) + b"/>"] * 100_000
    ),
    "XML with a tag of many attributes": lambda: (
        b"<PyBrain a" + '="" a'.join(map(str, range(5_000_000))).encode() + b'=""/>'
    ),
    "XML with names that never come again": lambda: _xml_of(
        b'<a%d b%d=""/>' % (n, n) for n in range(2_000_000)
    ),
    "XML with an attribute of 60 MB": lambda: b'<PyBrain a="' + b"x" * (60 * MIB) + b'"/>',
    "XML with a name of 60 MB": lambda: b"<" + b"a" * (60 * MIB) + b"/>",
    "XML with a comment of 60 MB": lambda: b"<PyBrain><!--" + b"x" * (60 * MIB) + b"--></PyBrain>",
    "XML with comments": lambda: b"<PyBrain>" + b"<!---->" * (8 * MIB) + b"</PyBrain>",
    "XML with references to characters": lambda: b"<PyBrain>" + b"&#65;" * (12 * MIB) + b"</PyBrain>",
    "XML with sections of characters": lambda: b"<PyBrain>" + b"<![CDATA[]]>" * (5 * MIB) + b"</PyBrain>",
    "XML with blanks": lambda: b"<PyBrain>" + b" " * (60 * MIB) + b"</PyBrain>",
    "XML with wide text": lambda: b"<PyBrain>" + "\U0001f600".encode() * (15 * MIB) + b"</PyBrain>",
    "XML in Latin-1": lambda: b"<PyBrain>" + b"\xff" * (60 * MIB) + b"</PyBrain>",
    "XML with nine million numbers": lambda: _numbers(b"1," * (9 * MIB)),
    "XML with eight million numbers": lambda: _numbers(b"1," * (8 * MIB - 2)),
    "XML with numbers as NumPy writes them": lambda: _numbers(b"np.float64(0.1), " * 3_700_000),
    "XML with three million numbers": lambda: _numbers(b"-0.12345678901234567, " * 2_900_000),
    "XML with brackets": lambda: _numbers(b"),)" * (20 * MIB)),
    "XML with cells of 25 kB": lambda: _numbers((b"1" * 25_000 + b",") * 2_500),
    "XML with cells of 500 digits": lambda: _numbers((b"0." + b"1" * 500 + b"e-300,") * 120_000),
    "XML with a cell without an end": lambda: _numbers(b"1" * (60 * MIB)),
    "XML with layers of unknown mixtures": lambda: _xml_modules(
        b'<MixtureDensityLayer name="%d" class="pybrain.structure.modules.mixturedensity.MixtureDensityLayer">'
        b'<dim val="999983"/></MixtureDensityLayer>',
        100_000,
    ),
    "XML with many layers": lambda: _xml_modules(
        b'<L name="%d" class="pybrain.structure.modules.linearlayer.LinearLayer"/>', 300_000
    ),
}  # fmt: skip


def _numbers(listed: bytes) -> bytes:
    mother = b'<MotherConnection name="m" class="pybrain.structure.connections.shared.MotherConnection"><Parameters>['
    return (
        _XML_NETWORK + b"<MotherConnections>" + mother + listed + b"1]</Parameters></MotherConnection>"
        b"</MotherConnections></Network></PyBrain>"
    )


KNOWLEDGE = PICKLES | PACKED | NPZ | XML
