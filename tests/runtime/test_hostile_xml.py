"""Malicious XML files, and XML files without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pybrain_runtime import Limits, load_knowledge
from pybrain_runtime.errors import KnowledgeError, UnsafeKnowledge
from pybrain_runtime.loading.describe import describe
from pybrain_runtime.loading.xml.reader import read_xml

FIXTURES = Path(__file__).parents[1] / "fixtures"
PLAIN = (FIXTURES / "networks/bn_2_3_1/net.xml").read_bytes()
SEEDS = [
    (FIXTURES / f"networks/{name}/net.xml").read_bytes()
    for name in ("bn_1_1", "man_shared2", "rnn_bn_lstm_peep", "man_nested_ffn", "man_sliced")
]

Written = Callable[..., Path]


def read(data: bytes, **limits: int) -> None:
    describe(read_xml(data, "net.xml", Limits(**limits)), "net.xml", Limits(**limits))


def refused(data: bytes) -> str:
    with pytest.raises(UnsafeKnowledge) as caught:
        read(data)
    return caught.value.message


def said(data: bytes, **limits: int) -> str:
    with pytest.raises(KnowledgeError) as caught:
        read(data, **limits)
    return caught.value.message


def test_xml_is_recognized_by_its_content(written: Written) -> None:
    knowledge = load_knowledge(written(PLAIN, "net.pkl"))
    assert (knowledge.format, knowledge.indim, knowledge.parameter_count) == ("xml", 2, 13)
    for start in (b"\xef\xbb\xbf", b"\n\n  "):
        assert load_knowledge(written(start + PLAIN, "net.txt")).parameter_count == 13


EXPRESSIONS = [
    "__import__('os').system('touch /tmp/canary')",
    "open('/etc/passwd').read()",
    "3 if True else 4",
    "1+1",
    "[x for x in ()]",
    "1e3",
    "0x10",
    "9" * 200,
    "",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_not_evaluated(expression: str) -> None:
    data = PLAIN.replace(b'<dim val="3"/>', f'<dim val="{expression}"/>'.encode())
    message = refused(data)
    assert "as the dim of the " in message and "where a number is expected; it was not evaluated" in message


@pytest.mark.parametrize(
    "parameters", ["[open('x')]", "[1, [2]]", "[__import__('os')]", "[1 2]", "[1,,2]", "abc"]
)
def test_parameters_must_be_numbers(parameters: str) -> None:
    start, end = PLAIN.index(b"<Parameters>") + 12, PLAIN.index(b"</Parameters>")
    assert "has Parameters that are not a list of numbers" in said(
        PLAIN[:start] + parameters.encode() + PLAIN[end:]
    )


PERMUTED = (FIXTURES / "networks" / "man_permutation" / "net.xml").read_bytes()


@pytest.mark.parametrize(
    "listed", ["[1, 10 0]", "[0 1]", "[0,,1]", "[" + "9" * 4000 + "]", "[[0, 1]]", "[0, x]"]
)
def test_a_permutation_must_be_integers_between_commas(listed: str) -> None:
    end = b"</PermutationConnection>"
    assert end in PERMUTED
    data = PERMUTED.replace(end, f'<permutation val="{listed}"/>'.encode() + end)
    assert "as the permutation of the PermutationConnection 'perm', where a number is expected" in refused(
        data
    )


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_parameters_must_be_finite(number: str) -> None:
    start, end = PLAIN.index(b"<Parameters>[") + 13, PLAIN.index(b"]</Parameters>")
    assert "of its _params; expected finite numbers" in said(PLAIN[:start] + number.encode() + PLAIN[end:])


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "pybrain.utilities.os.system",
        "pybrain.structure.networks.feedforward.FeedForwardNetwork.__init__",
        "pybrain.structure.modules.linearlayer.LinearLayer",  # a layer is no network
        "builtins.set",
        "FeedForwardNetwork",
        "",
    ],
)
def test_only_classes_of_the_allow_list_are_accepted(path: str) -> None:
    data = PLAIN.replace(b"pybrain.structure.networks.feedforward.FeedForwardNetwork", path.encode())
    assert f"net.xml refers to {path}, which is not on the allow-list" in refused(data)


ENTITIES = {
    "a document type": '<!DOCTYPE PyBrain SYSTEM "http://example.invalid/x.dtd">',
    "a laugh": '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
    "an attribute default": '<!DOCTYPE x [<!ATTLIST x y CDATA "z">]>',
    "a stylesheet": '<?xml-stylesheet href="x"?>',
}


@pytest.mark.parametrize("case", ENTITIES)
def test_xml_entities_and_inclusions_are_not_processed(case: str) -> None:
    start = PLAIN.index(b"<PyBrain>")
    message = refused(PLAIN[:start] + ENTITIES[case].encode() + PLAIN[start:])
    assert message.startswith("net.xml declares a") and "nothing was expanded" in message


@pytest.mark.parametrize("encoding", ["utf-7", "rot13", "idna", "utf-16", "nonsense"])
def test_the_codec_of_a_declared_encoding_is_not_imported(encoding: str) -> None:
    import sys

    before = set(sys.modules)
    read(PLAIN.replace(b'version="1.0"', f'version="1.0" encoding="{encoding}"'.encode()))
    assert not {name for name in set(sys.modules) - before if name.startswith("encodings")}


def test_latin1_from_python_2_is_read(written: Written) -> None:
    data = PLAIN.replace(b'"in"', '"Größe"'.encode("latin1"))
    assert "Größe" in [m.name for m in load_knowledge(written(data)).network.modules]


BROKEN = {
    "another root": (b"<html/>", "is XML, but not PyBrain's: its root element is html"),
    "no network": (b"<PyBrain/>", "must hold exactly one network, but holds 0"),
    "two networks": (
        PLAIN.replace(b"</PyBrain>", PLAIN[PLAIN.index(b"<Network") :]),
        "must hold exactly one network, but holds 2",
    ),
    "cut off": (PLAIN[:-40], "is not well-formed XML: "),
    "not closed": (PLAIN.replace(b"</Modules>", b""), "is not well-formed XML: mismatched tag at line "),
    "no modules": (
        PLAIN.replace(b"Modules>", b"Nothing>"),
        "has 'bias' as its inmod; the network has no such part",
    ),
    "no inputs": (PLAIN.replace(b' inmodule="True"', b""), "has no valid inmodules"),
    "a target that is not there": (
        PLAIN.replace(b'<outmod val="out"/>', b'<outmod val="nowhere"/>', 1),
        "has 'nowhere' as its outmod; the network has no such part",
    ),
    "a size that is a switch": (PLAIN.replace(b'<dim val="3"/>', b'<dim val="True"/>'), "has no valid dim"),
    "a size that is huge": (
        PLAIN.replace(b'<dim val="3"/>', b'<dim val="999999999999"/>'),
        "has no valid indim",
    ),
    "a size of another": (
        PLAIN.replace(b'<dim val="3"/>', b'<dim val="4"/>'),
        "numbers in _params; expected ",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_document_without_a_network_is_refused(case: str) -> None:
    data, words = BROKEN[case]
    message = said(data)
    assert message.startswith("net.xml ") and words in message


def test_xml_limits_are_enforced() -> None:
    assert "exceeds the limit of 10 elements" in said(PLAIN, opcodes=10)
    assert "exceeds the limit of 3 levels of nesting" in said(PLAIN, depth=3)
    assert "exceeds the limit of 5 parameters in a file" in said(PLAIN, array_elements=5)
    long = PLAIN.replace(b'name="in"', b'name="' + b"i" * 70_000 + b'"')
    assert "exceeds the limit of 65,536 characters in one attribute" in said(long)
    deep = b"<PyBrain>" + b"<Network>" * 100_000
    assert "exceeds the limit of 1,000 levels of nesting" in said(deep)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.floats(0, 1), st.binary(max_size=12), st.integers(0, 12))
def test_damaged_xml_gives_a_network_or_one_error_type(
    seed: bytes, place: float, extra: bytes, gone: int
) -> None:
    cut = int(place * len(seed))
    try:
        read(seed[:cut] + extra + seed[cut + gone :], units=10_000)
    except KnowledgeError as error:
        assert "net.xml " in str(error)
