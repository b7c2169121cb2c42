"""The description of a network is checked completely before the network is built."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import CompiledNetwork, NetworkDescription, load_knowledge
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.describe import describe
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.values import ArrayValue, Instance
from pybrain_runtime.network.allow_list import class_entry
from pybrain_runtime.network.parameter_order import with_parameters

FIXTURES = Path(__file__).parents[1] / "fixtures"


def graph(name: str = "bn_4_8_2", protocol: str = "p2") -> Instance:
    root = PickleReader((FIXTURES / f"networks/{name}/net.{protocol}.pkl").read_bytes(), "net.pkl").read()
    assert isinstance(root, Instance)
    return root


def module(net: Instance, name: str) -> Instance:
    modules: Any = net.state["modules"]
    return next(m for m in modules if m.state["_name"] == name)


def connection(net: Instance, source: str, target: str) -> Instance:
    connections: Any = net.state["connections"]
    return next(c for c in connections[module(net, source)] if c.state["outmod"] is module(net, target))


def said(net: Instance, **limits: Any) -> str:
    with pytest.raises(KnowledgeError) as caught:
        describe(net, "net.pkl", Limits(**limits))
    return caught.value.message


def answer(network: NetworkDescription, seed: int = 0) -> np.ndarray:
    plan = CompiledNetwork(network)
    return plan.run(np.random.default_rng(seed).normal(size=(4, plan.indim)))


def endless() -> list[object]:
    """Return a list that contains itself twice, so that it has infinitely many elements."""
    value: list[object] = []
    value += [value, value]
    return value


Change = Callable[[Instance], object]
CHANGES: dict[str, tuple[Change, str]] = {
    "no attributes": (lambda n: setattr(n, "built", False), "has no attributes"),
    "no modules": (lambda n: n.state.update(modules=set()), "has no modules"),
    "modules that are text": (
        lambda n: n.state.update(modules="abc"),
        "has a value of 'modules' that is not a list",
    ),
    "a number as a module": (
        lambda n: n.state.update(modules=[1]),
        "has an item of the wrong type in its modules",
    ),
    "a connection as a module": (
        lambda n: n.state.update(modules=[connection(n, "in", "hidden0")]),
        "has an item of the wrong type in its modules",
    ),
    "no inputs": (lambda n: n.state.update(inmodules=[]), "has no valid inmodules"),
    "an input from elsewhere": (
        lambda n: n.state.update(inmodules=[module(graph(), "in")]),
        "has no valid inmodules",
    ),
    "an output twice": (
        lambda n: n.state.update(outmodules=[module(n, "out")] * 2),
        "has the same object twice in its outmodules",
    ),
    "connections that are a list": (
        lambda n: n.state.update(connections=[]),
        "has connections that do not start at one of its modules",
    ),
    "another indim": (lambda n: n.state.update(indim=5), "has indim 5, but its modules have 4"),
    "another outdim": (lambda n: n.state.update(outdim=9), "has outdim 9, but its modules have 2"),
    "a negative offset": (
        lambda n: n.state.update(recurrentConns=[], _Network__offset=-1),
        "has no valid _Network__offset",
    ),
    "a layer without a size": (lambda n: module(n, "hidden0").state.pop("indim"), "has no valid indim"),
    "a layer of another size": (
        lambda n: module(n, "hidden0").state.update(dim=7),
        "has 8 inputs and 8 outputs, but its kind has (7, 7)",
    ),
    "a layer of a huge size": (
        lambda n: module(n, "hidden0").state.update(dim=10**9, indim=10**9, outdim=10**9),
        "exceeds the limit of 1,000,000 units in all layers",
    ),
    "a layer of true": (lambda n: module(n, "hidden0").state.update(indim=True), "has no valid indim"),
    "a target from elsewhere": (
        lambda n: connection(n, "in", "hidden0").state.update(outmod=module(graph(), "out")),
        "has a connection to a module that is not part of it",
    ),
    "a target that is text": (
        lambda n: connection(n, "in", "hidden0").state.update(outmod="hidden0"),
        "has a connection to a module that is not part of it",
    ),
    "a source that is another": (
        lambda n: connection(n, "in", "hidden0").state.update(inmod=module(n, "out")),
        "lists a connection under another module than its source",
    ),
    "a loop": (
        lambda n: connection(n, "in", "hidden0").state.update(outmod=module(n, "in")),
        "has a cycle of connections within a time step",
    ),
    "a slice beyond the source": (
        lambda n: connection(n, "in", "hidden0").state.update(inSliceTo=5),
        "has the slice 0:5 of a module with 4 units",
    ),
    "a slice beyond the target": (
        lambda n: connection(n, "in", "hidden0").state.update(outSliceFrom=3, outSliceTo=11),
        "has the slice 3:11 of a module with 8 units",
    ),
    "an empty slice": (
        lambda n: connection(n, "in", "hidden0").state.update(inSliceFrom=2, inSliceTo=2),
        "has the slice 2:2 of a module with 4 units",
    ),
    "a negative slice": (
        lambda n: connection(n, "in", "hidden0").state.update(inSliceFrom=-1),
        "has no valid inSliceFrom",
    ),
    "a slice that is another than its indim": (
        lambda n: connection(n, "in", "hidden0").state.update(inSliceTo=3),
        "has indim 4, but its slice has 3 units",
    ),
    "too few parameters": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=ArrayValue(np.zeros(31))),
        "has 31 numbers in _params; expected 32",
    ),
    "no parameters": (
        lambda n: connection(n, "in", "hidden0").state.pop("_params"),
        "has no _params, which is required",
    ),
    "parameters that are text": (
        lambda n: connection(n, "in", "hidden0").state.update(_params="abc"),
        "has _params that are not numbers",
    ),
    "parameters never read": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=ArrayValue()),
        "has _params that are not numbers",
    ),
    "parameters that hold themselves": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=endless()),
        "has _params that are not numbers",
    ),
    "parameters that are text in a list": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=["1"] * 32),
        "has _params that are not numbers",
    ),
    "parameters beyond range": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=[10**400] * 32),
        "has _params that are not numbers",
    ),
    "a parameter of NaN": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=[0.0] * 31 + [float("nan")]),
        "has nan at index 31 of its _params; expected finite numbers",
    ),
    "an infinite parameter": (
        lambda n: connection(n, "in", "hidden0").state.update(_params=[float("-inf")] * 32),
        "has -inf at index 0 of its _params",
    ),
    "an identity of unequal sizes": (
        lambda n: setattr(connection(n, "in", "hidden0"), "cls", class_entry("IdentityConnection")),
        "has 4 inputs and 8 outputs; its kind requires as many outputs as inputs",
    ),
    "an abstract connection": (
        lambda n: setattr(connection(n, "in", "hidden0"), "cls", class_entry("SharedConnection")),
        "or is of a kind that is not supported",
    ),
    "a mother that is none": (
        lambda n: connection(n, "in", "hidden0").state.update(mother=module(n, "in")),
        "has no valid mother",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_inconsistent_network_is_refused(change: str) -> None:
    net = graph()
    make, words = CHANGES[change]
    make(net)
    message = said(net)
    assert message.startswith("net.pkl ") and words in message


def test_a_network_inside_itself_is_refused() -> None:
    net = graph()
    modules: Any = net.state["modules"]
    modules.add(net)
    assert "occurs more than once" in said(net)


def test_one_layer_in_two_networks_is_refused() -> None:
    outer = graph("man_nested_ffn")
    inner = next(m for m in outer.state["modules"] if m.cls.family == "network")  # type: ignore[attr-defined]
    inner.state["modules"].add(module(outer, "i"))
    assert "occurs more than once" in said(outer)


def test_networks_inside_networks_are_limited() -> None:
    assert "exceeds the limit of 1 nested networks" in said(graph("man_nested_ffn"), networks=1)


def test_parameters_are_limited() -> None:
    assert "exceeds the limit of 40 parameters and connected units" in said(graph(), array_elements=40)


def test_names_in_messages_are_escaped_for_the_terminal() -> None:
    net = graph()
    net.state.update(_name="\x1b[31mred\n", modules=set())
    assert r"'\x1b[31mred\n'" in said(net)


def test_a_shared_parameter_owner_with_too_few_parameters_is_refused() -> None:
    net = graph("man_shared")
    mother = net.state["motherconnections"][0]  # type: ignore[index]
    mother.state.update(nbparams=1, _params=ArrayValue(np.zeros(1)))
    assert "has a mother connection with 1 parameters; expected" in said(net)


def test_an_invalid_permutation_is_refused() -> None:
    net = graph("man_permutation")
    link = connection(net, "i", "h")
    link.state["permutation"] = [0, 1, 1e300]
    assert "has an invalid permutation" in said(net)
    link.state["permutation"] = [0, 0, 1]
    assert "has an invalid permutation" in said(net)
    link.state["blocksize"] = 4
    assert "has the blocksize 4, which does not divide its 6 inputs" in said(net)


def test_unrelated_attributes_are_ignored() -> None:
    net = graph()
    expected = answer(describe(net, "net.pkl"))
    net.state["note"] = {"anything": [1, 2]}
    module(net, "hidden0").state.pop("inputbuffer")
    connection(net, "in", "hidden0").state["_derivs"] = ArrayValue(np.array([np.nan]))
    assert (answer(describe(net, "net.pkl")) == expected).all()


@pytest.mark.parametrize(
    "name", ["bn_5_7_6_4_3", "man_shortcut", "man_multi_in_out", "man_nested_ffn", "rnn_bn_lstm"]
)
def test_a_network_that_was_never_sorted_is_sorted(name: str) -> None:
    expected = answer(describe(graph(name), "net.pkl"))
    net = graph(name)
    net.state.update(modulesSorted=[], sorted=False)
    for key in ("indim", "outdim", "_params"):
        net.state.pop(key, None)
    np.testing.assert_allclose(answer(describe(net, "net.pkl")), expected, rtol=1e-12, atol=1e-15)


def without_its_last(order: list[Instance]) -> list[Instance]:
    return order[:-1]


def with_one_twice(order: list[Instance]) -> list[Instance]:
    return [*order, order[0]]


def backwards(order: list[Instance]) -> list[Instance]:
    return order[::-1]


def with_a_stranger(order: list[Instance]) -> list[Instance]:
    return [*order, module(graph("bn_2_3_1"), "in")]


WRONG_ORDERS: dict[Callable[[list[Instance]], list[Instance]], str] = {
    without_its_last: "leaves out 'out'",
    with_one_twice: "lists 'bias' twice",
    backwards: "puts 'hidden0' before 'bias', whose outputs it needs",
    with_a_stranger: "lists something that is not one of its modules",
}


@pytest.mark.parametrize("change", WRONG_ORDERS)
def test_a_sorted_network_in_an_invalid_order_is_refused(
    change: Callable[[list[Instance]], list[Instance]],
) -> None:
    # PyBrain computes in the order of the file, so its outputs would differ from those of a sorted network.
    net = graph("bn_5_7_6_4_3")
    order: Any = net.state["modulesSorted"]
    net.state["modulesSorted"] = change(order)
    with pytest.raises(KnowledgeError) as caught:
        describe(net, "net.pkl")
    assert caught.value.message == (
        f"net.pkl does not hold a complete network: the FeedForwardNetwork '{net.state['_name']}' is marked as "
        f"sorted, but its order of computation (modulesSorted) {WRONG_ORDERS[change]}."
    )
    assert caught.value.hint.startswith("PyBrain would compute other outputs in that order.")


@pytest.mark.parametrize("change", WRONG_ORDERS)
def test_the_order_of_an_unsorted_network_is_ignored(
    change: Callable[[list[Instance]], list[Instance]],
) -> None:
    net = graph("bn_5_7_6_4_3")
    expected = answer(describe(graph("bn_5_7_6_4_3"), "net.pkl"))
    order: Any = net.state["modulesSorted"]
    net.state.update(modulesSorted=change(order), sorted=False)
    np.testing.assert_allclose(answer(describe(net, "net.pkl")), expected, rtol=1e-12, atol=1e-15)


def test_an_open_slice_of_old_versions_extends_to_the_end() -> None:
    net = graph()
    expected = answer(describe(graph(), "net.pkl"))
    connection(net, "in", "hidden0").state.update(inSliceTo=0, outSliceTo=None)
    assert (answer(describe(net, "net.pkl")) == expected).all()


def test_connection_arrays_take_precedence_over_the_networks_copy() -> None:
    net = graph("odd_desynced")
    before = answer(describe(net, "net.pkl"))
    net.state["_params"] = ArrayValue(np.full(13, 99.0))
    assert (answer(describe(net, "net.pkl")) == before).all()


@pytest.mark.parametrize(
    "name", ["bn_4_8_2", "rnn_bn_lstm_peep", "man_shared2", "man_nested_ffn", "man_mdlstm_unfolded_peep"]
)
def test_one_vector_of_parameters_is_laid_out_as_pybrain_does(name: str) -> None:
    meta = json.loads((FIXTURES / f"networks/{name}/meta.json").read_text())
    described = describe(graph(name), "net.pkl")
    rebuilt = with_parameters(described, np.array(meta["params"]))
    assert (answer(rebuilt) == answer(described)).all()
    doubled = with_parameters(described, 2 * np.array(meta["params"]))
    assert not np.allclose(answer(doubled), answer(described))
    assert doubled.parameter_count == described.parameter_count


@pytest.mark.parametrize("protocol", ["p0", "p2", "p4"])
@pytest.mark.parametrize("name", ["cheaplycopiable", "maskedmodule", "rbm", "kohonen"])
def test_wrapped_and_masked_networks_reproduce_the_recorded_outputs(name: str, protocol: str) -> None:
    info = json.loads((FIXTURES / "objects/info.json").read_text())[name]
    found = load_knowledge(FIXTURES / f"objects/{name}.{protocol}.pkl").activate(info["x"])
    np.testing.assert_allclose(found[0], info["y"], rtol=1e-12)


def test_a_cheap_copy_has_separate_parameters() -> None:
    root = PickleReader((FIXTURES / "objects/cheaplycopiable.p2.pkl").read_bytes(), "net.pkl").read()
    assert isinstance(root, Instance)
    root.state["_params"] = ArrayValue(np.zeros(13))
    assert answer(describe(root, "net.pkl")).tolist() == [[0.0]] * 4


def test_parameters_cannot_be_changed() -> None:
    described = describe(graph(), "net.pkl")
    parameters = described.connections[0].parameters
    assert parameters is not None
    with pytest.raises(ValueError, match="read-only"):
        parameters[0] = 1.0
