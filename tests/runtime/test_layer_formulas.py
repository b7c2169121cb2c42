"""Layers and connections without recordings, compared with their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from pybrain_runtime import CompiledNetwork, ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.layers.formulas import expln, softmax
from pybrain_runtime.network.layers.registry import LAYERS
from pybrain_runtime.network.rebuild import build_network


def run(kind: str, x: list[float], outdim: int, **options: object) -> list[float]:
    module = ModuleDescription("layer", kind, len(x), outdim, options=options)
    network = NetworkDescription("net", "FeedForwardNetwork", (module,), (0,), (0,), ())
    found = CompiledNetwork(network).run([x, [value + 1 for value in x]])
    answer: list[float] = found[0].tolist()
    return answer


def s(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def test_softsign_matches_its_formula() -> None:
    assert run("SoftSignLayer", [1.0, -3.0, 0.0], 3) == [0.5, -0.75, 0.0]


def test_relu_matches_its_formula() -> None:
    assert run("ReluLayer", [1.5, -3.0, 0.0], 3) == [1.5, 0.0, 0.0]


def test_double_gate_matches_its_formula() -> None:
    found = run("DoubleGateLayer", [0.5, -1.0, 2.0, 3.0], 4)
    expected = [s(0.5) * 2, s(-1) * 3, (1 - s(0.5)) * 2, (1 - s(-1)) * 3]
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_switch_matches_its_formula() -> None:
    np.testing.assert_allclose(run("SwitchLayer", [0.5], 2), [s(0.5), 1 - s(0.5)], rtol=1e-15)


def test_partial_softmax_normalises_each_slice() -> None:
    found = run("PartialSoftmaxLayer", [1.0, 2.0, 3.0, 4.0], 4, slicelength=2)
    expected = np.concatenate([softmax(np.array([1.0, 2.0])), softmax(np.array([3.0, 4.0]))])
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert sum(found) == pytest.approx(2.0)


def test_softmax_saturates_as_in_pybrain() -> None:
    found = run("SoftmaxLayer", [600.0, 600.0, 0.0], 3)
    np.testing.assert_allclose(found, [0.5, 0.5, np.exp(-500) / 2], rtol=1e-12)


def test_sigmoid_is_never_zero() -> None:
    assert run("SigmoidLayer", [-1e300], 1)[0] == pytest.approx(7.1245764067e-218, rel=1e-9)


def test_expln_is_continuous_at_zero() -> None:
    np.testing.assert_allclose(
        expln(np.array([-1.0, 0.0, 1.0])), [np.exp(-1), 1.0, np.log(2) + 1], rtol=1e-15
    )


@pytest.mark.parametrize("kind", [kind for kind, layer in LAYERS.items() if layer.unsupported])
def test_an_unsupported_layer_is_refused_with_the_reason(kind: str) -> None:
    with pytest.raises(KnowledgeError, match=f"The {kind} 'layer' cannot be run: {LAYERS[kind].unsupported}"):
        run(kind, [1.0], 1)


SPITEFUL = "\x1b[2J\u202e" + "x" * 100_000
AS_SHOWN = "\\x1b[2J\\u202e" + "x" * 47 + "..."


def test_a_layer_name_is_escaped_for_the_terminal() -> None:
    """The name comes from a file and may contain escape sequences."""

    def network(kind: str) -> NetworkDescription:
        module = ModuleDescription(SPITEFUL, kind, 1, 1)
        return NetworkDescription("net", "FeedForwardNetwork", (module,), (0,), (0,), ())

    unusable = next(kind for kind, layer in LAYERS.items() if layer.unsupported)
    said = []
    with pytest.raises(KnowledgeError) as caught:
        CompiledNetwork(network(unusable))
    said.append(caught.value.message)
    with pytest.raises(KnowledgeError) as caught:
        CompiledNetwork(network("BernoulliLayer")).run([[1.0]])
    said.append(caught.value.message)
    with pytest.raises(KnowledgeError) as caught:
        build_network(network("NoSuchLayer"))
    said.append(caught.value.message)
    for message in said:
        assert f"'{AS_SHOWN}'" in message and message.isprintable()


def connected(
    kind: str, x: list[float], outdim: int, parameters: list[float], **options: object
) -> list[float]:
    modules = (
        ModuleDescription("in", "LinearLayer", len(x), len(x)),
        ModuleDescription("out", "LinearLayer", outdim, outdim),
    )
    numbers = np.array(parameters) if parameters else None
    link = ConnectionDescription("c", kind, 0, 1, (0, len(x)), (0, outdim), numbers, options=options)
    network = NetworkDescription("net", "FeedForwardNetwork", modules, (0,), (1,), (link,))
    answer: list[float] = CompiledNetwork(network).run([x])[0].tolist()
    return answer


def test_full_not_self_omits_the_diagonal() -> None:
    assert connected("FullNotSelfConnection", [1.0, 10.0], 2, [5.0, 2.0, 3.0, 7.0]) == [20.0, 3.0]


def test_a_full_connection_has_a_row_for_each_output() -> None:
    assert connected("FullConnection", [1.0, 10.0], 3, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == [21.0, 43.0, 65.0]


def test_subsampling_is_a_weighted_mean() -> None:
    assert connected("SubsamplingConnection", [1.0, 2.0, 6.0], 2, [2.0, -1.0]) == [6.0, -3.0]


def test_permutation_moves_blocks() -> None:
    places = np.array([2, 3, 0, 1])
    assert connected("PermutationConnection", [1.0, 2.0, 3.0, 4.0], 4, [], places=places) == [
        3.0,
        4.0,
        1.0,
        2.0,
    ]
