"""Inputs that are not requests, or that are meant to exhaust a JSON parser."""

from __future__ import annotations

import json
import time

import pytest

from pipeline.compose import RequestRefused, generate, read_request
from pipeline.compose.example import EXAMPLE


def container(number: int) -> dict[str, object]:
    return {"name": f"a{number}", "image": "busybox", "command": "true"}


TEXTS = {
    "nothing": b"",
    "spaces": b"  \n ",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"containers"',
    "a number": b"1",
    "an open object": b'{"containers": [',
    "an open string": b'{"containers": "',
    "an escape at the end": b'{"a": "\\',
    "trailing data": b'{"containers": []} {}',
    "single quotes": b"{'containers': []}",
    "a comment": b'{"containers": [] /* x */}',
    "a trailing comma": b'{"containers": [],}',
    "NaN": b'{"execution": {"timeout": NaN}, "containers": []}',
    "infinity": b'{"execution": {"timeout": -Infinity}, "containers": []}',
    "a number beyond the range": b'{"execution": {"timeout": 1e999}, "containers": []}',
    "5,000 digits": b'{"execution": {"timeout": %s}, "containers": []}' % (b"9" * 5000),
    "500,000 digits": b'{"execution": {"timeout": %s}, "containers": []}' % (b"9" * 500_000),
    "5,000 digits after the decimal point": b'{"execution": {"timeout": 0.%s1}, "containers": []}'
    % (b"0" * 5000),
    "an exponent of 5,000 digits": b'{"execution": {"timeout": 1e%s}, "containers": []}' % (b"9" * 5000),
    "a million spaces": b" " * (1 << 20) + b"{}",
    "100,000 lists": b"[" * 100_000,
    "100,000 closed lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "100,000 lists in a member": b'{"containers": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "brackets after an escaped quotation mark": b'{"a": "\\"' + b"[" * 90_000 + b'", "b":' + b"[" * 60_000,
    "100,000 commas": b'{"containers": [' + b"1," * 100_000 + b"1]}",
    "100,000 names": b"{" + b",".join(b'"%d": 1' % number for number in range(100_000)) + b"}",
    "a duplicate name": b'{"containers": [], "containers": [{"name": "a", "image": "busybox"}]}',
    "a duplicate name, once escaped": b'{"containers": [], "contain\\u0065rs": []}',
    "a duplicate name in a nested object": b'{"containers": [{"name": "a", "volumes": [{"type": 1, "type": 2}]}]}',
    "another encoding": json.dumps(EXAMPLE).encode("utf-16"),
    "bytes that are not UTF-8": b'{"containers": [{"name": "\xff\xfe"}]}',
    "an overlong encoding": b'{"containers": [{"name": "\xc0\xaf"}]}',
    "an encoded surrogate": b'{"containers": [{"name": "\xed\xa0\x80"}]}',
    "half a surrogate pair as a name": b'{"\\ud800": 1, "containers": []}',
    "a NUL as a name": b'{"\\u0000": 1, "containers": []}',
    "a zero byte": b'{"containers": [\x00]}',
    "YAML": b"containers:\n  - name: a\n    image: busybox\n",
    "a YAML tag": b"!!python/object/apply:os.system [id]",
    "a compose file": b'{"services": {"a": {"image": "busybox"}}}',
    "no containers": b"{}",
    "21 containers": json.dumps({"containers": [container(number) for number in range(21)]}).encode(),
    "10,000 containers": json.dumps({"containers": [container(number) for number in range(10_000)]}).encode(),
    "a cycle of 20": json.dumps(
        {
            "containers": [
                {"name": f"a{n}", "image": "busybox", "depends_on": [f"a{(n + 1) % 20}"]} for n in range(20)
            ]
        }
    ).encode(),
}


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
def test_an_invalid_request_is_refused_within_a_second(data: bytes) -> None:
    started = time.thread_time()
    with pytest.raises(RequestRefused) as caught:
        generate(read_request(data))
    assert time.thread_time() - started < 1
    assert 1 <= len(caught.value.problems) <= 20
    assert len(str(caught.value)) < 20_000


def test_a_byte_order_mark_is_tolerated() -> None:
    data = json.dumps(EXAMPLE).encode()
    assert generate(read_request(b"\xef\xbb\xbf" + data)) == generate(read_request(data))


def test_at_most_twenty_problems_are_listed() -> None:
    document = {"containers": [{"name": f"a{number}", "image": "evil", "user": "$X"} for number in range(20)]}
    with pytest.raises(RequestRefused) as caught:
        generate(read_request(json.dumps(document).encode()))
    assert len(caught.value.problems) == 20
    assert caught.value.count == 40
    assert caught.value.problems == tuple(sorted(caught.value.problems))
