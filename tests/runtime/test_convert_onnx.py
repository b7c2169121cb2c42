"""ONNX: onnxruntime computes the same outputs for every deterministic network."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from pybrain_runtime import CompiledNetwork, load_knowledge
from pybrain_runtime.convert import convert_file
from pybrain_runtime.convert.agreement import compare
from pybrain_runtime.convert.matrices import matrix_of
from pybrain_runtime.errors import Disagreement, KnowledgeError, MissingPackage, UsageError
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription

FIXTURES = Path(__file__).parents[1] / "fixtures"
RANDOM = ("man_gaussian_enabled",)
NETWORKS = [p for p in sorted(FIXTURES.glob("networks/*/net.p2.pkl")) if p.parent.name not in RANDOM]


def label(path: Path) -> str:
    return path.parent.name


def session(path: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("path", NETWORKS, ids=label)
def test_a_double_precision_model_agrees_to_rounding(path: Path, tmp_path: Path) -> None:
    done = convert_file(path, "onnx", tmp_path / "net.onnx")
    assert done.agreement.precision == "float64" and done.agreement.by.startswith("onnxruntime ")
    assert done.agreement.rows == 256
    assert done.agreement.difference <= done.agreement.tolerance == 1e-12


@pytest.mark.parametrize("path", NETWORKS, ids=label)
def test_a_single_precision_model_is_within_its_stated_tolerance(path: Path, tmp_path: Path) -> None:
    done = convert_file(path, "onnx", tmp_path / "net.onnx", precision="float32")
    assert done.agreement.precision == "float32"
    assert done.agreement.difference <= done.agreement.tolerance == 1e-4


def test_tensor_dimensions_have_standard_names(tmp_path: Path) -> None:
    folder = FIXTURES / "networks"
    rows = session(convert_file(folder / "bn_4_8_2" / "net.p2.pkl", "onnx", tmp_path / "a.onnx").path)
    steps = session(convert_file(folder / "rnn_bn_lstm" / "net.p2.pkl", "onnx", tmp_path / "b.onnx").path)
    for model, given, answered in (
        (rows, ["rows", 4], ["rows", 2]),
        (steps, ["sequences", "steps", 2], ["sequences", "steps", 1]),
    ):
        assert [(i.name, i.type, i.shape) for i in model.get_inputs()] == [
            ("activation", "tensor(double)", given)
        ]
        assert [(o.name, o.type, o.shape) for o in model.get_outputs()] == [
            ("prediction", "tensor(double)", answered)
        ]


@pytest.mark.parametrize(
    "name", ["rnn_bn_lstm_peep", "rnn_tutorial", "rnn_nested_ffn", "rnn_bn_recurrent_flag"]
)
def test_a_recurrent_model_accepts_any_batch_size_and_length(name: str, tmp_path: Path) -> None:
    done = convert_file(FIXTURES / "networks" / name / "net.p2.pkl", "onnx", tmp_path / "net.onnx")
    model, plan = session(done.path), done.knowledge.compiled
    for sequences, steps in ((1, 1), (1, 40), (7, 3)):
        given = np.random.default_rng(steps).normal(size=(sequences, steps, plan.indim))
        found = model.run(None, {"activation": given})[0]
        np.testing.assert_allclose(found, plan.run_sequences(given), rtol=1e-12, atol=1e-14)


def test_the_model_metadata_names_its_source(tmp_path: Path) -> None:
    done = convert_file(FIXTURES / "default" / "iris" / "currentSolution.pkl", "onnx", tmp_path / "net.onnx")
    model = onnx.load(done.path)
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "knowledge_sha256": done.knowledge.sha256,
        "network": "FeedForwardNetwork",
        "precision": "float64",
        "scaling": "as the card says; not part of this file",
    }
    assert model.opset_import[0].version == 17 and model.ir_version == 8


@pytest.mark.parametrize("file", ["networks/man_gaussian_enabled/net.p2.pkl", "objects/bernoulli.p2.pkl"])
def test_a_network_with_random_layers_is_refused(file: str, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="draws its outputs at random, which differ between programs"):
        convert_file(FIXTURES / file, "onnx", tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_kohonen_map_can_be_converted(tmp_path: Path) -> None:
    done = convert_file(FIXTURES / "objects" / "kohonen.p2.pkl", "onnx", tmp_path / "net.onnx")
    assert done.agreement.difference == 0.0
    assert session(done.path).run(None, {"activation": [[0.1, 0.5, 0.9]]})[0].tolist() == [[2.0, 1.0]]


def layer(kind: str, indim: int, outdim: int, **options: object) -> ModuleDescription:
    return ModuleDescription(kind, kind, indim, outdim, options)


@pytest.mark.parametrize(
    "middle",
    [
        layer("SoftSignLayer", 4, 4),
        layer("PartialSoftmaxLayer", 4, 4, slicelength=2),
        layer("DoubleGateLayer", 4, 4),
        layer("SwitchLayer", 4, 8),
        layer("MultiplicationLayer", 4, 2),
        layer("ReluLayer", 4, 4),
    ],
    ids=lambda module: module.kind,
)
def test_layers_without_recordings_are_computed_equally(middle: ModuleDescription) -> None:
    from pybrain_runtime.convert.onnx_inference import onnx_predict
    from pybrain_runtime.convert.onnx_model import onnx_model

    network = NetworkDescription(
        name="net",
        kind="FeedForwardNetwork",
        modules=(layer("LinearLayer", 4, 4), middle),
        inputs=(0,),
        outputs=(1,),
        connections=(ConnectionDescription("c", "IdentityConnection", 0, 1, (0, 4), (0, 4)),),
    )
    model = onnx_model(network, metadata={}).SerializeToString()
    agreement = compare(CompiledNetwork(network), onnx_predict(model), tolerance=1e-12, by="onnxruntime")
    assert agreement.rows == 256


def test_exponents_are_clipped_as_in_pybrain() -> None:
    from pybrain_runtime.convert.onnx_inference import onnx_predict
    from pybrain_runtime.convert.onnx_model import onnx_model

    softmax = layer("SoftmaxLayer", 3, 3)
    network = NetworkDescription("net", "SoftmaxLayer", (softmax,), (0,), (0,), ())
    answers = onnx_predict(onnx_model(network, metadata={}).SerializeToString())
    # 600 counts as 500, so that both halves are equal although 600 is far above 550.
    assert answers(np.array([[600.0, 550.0, 0.0]]))[0, :2].tolist() == [0.5, 0.5]


def test_every_connection_is_exported_as_its_matrix() -> None:
    permutation = ConnectionDescription(
        "p", "PermutationConnection", 0, 1, (1, 5), (0, 4), options={"places": np.array([2, 3, 0, 1])}
    )
    mean = ConnectionDescription(
        "s", "SubsamplingConnection", 0, 1, (0, 2), (4, 6), parameters=np.array([2.0, 4.0])
    )
    together = matrix_of([permutation, mean], layer("LinearLayer", 6, 6), layer("LinearLayer", 6, 6))
    given = np.arange(1.0, 7.0)
    assert (given @ together).tolist() == [4.0, 5.0, 2.0, 3.0, 3.0, 6.0]


def test_a_nearly_empty_large_matrix_is_refused() -> None:
    wide = layer("LinearLayer", 100_000, 100_000)
    with pytest.raises(KnowledgeError) as refused:
        matrix_of([], wide, wide)
    assert str(refused.value) == (
        "The connections from 'LinearLayer' to 'LinearLayer' form a matrix of shape (100000, 100000); "
        "the limit is 33,554,432 elements.\n  Convert to npz instead, which keeps connections as they are."
    )


def test_a_model_with_different_outputs_is_not_kept() -> None:
    plan = load_knowledge(FIXTURES / "networks" / "bn_4_8_2" / "net.p2.pkl").compiled
    with pytest.raises(
        Disagreement,
        match=r"\(float64, computed by a test\) differ from the original by 0.25; expected at most",
    ):
        compare(
            plan, lambda rows: plan.run(rows) + 0.25 * np.maximum(1, abs(plan.run(rows))),
            tolerance=1e-12, by="a test",
        )  # fmt: skip


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_nan_or_infinity_never_agrees_with_a_finite_number(wrong: float) -> None:
    plan = load_knowledge(FIXTURES / "networks" / "bn_1_1" / "net.p2.pkl").compiled
    with pytest.raises(Disagreement, match="differ from the original by inf"):
        compare(plan, lambda rows: np.full((len(rows), 1), wrong), tolerance=1e-12, by="a test")


def test_missing_packages_are_reported_with_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackage) as missing:
        convert_file(FIXTURES / "networks" / "bn_1_1" / "net.p2.pkl", "onnx", tmp_path / "net.onnx")
    assert str(missing.value) == "Writing onnx needs onnxruntime, which is not installed."
    assert (missing.value.status, missing.value.packages, missing.value.extra) == (
        69,
        ("onnxruntime",),
        "onnx",
    )


def test_single_precision_is_only_for_onnx_models(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"^The format npz does not support precision 'float32'; expected float64\.$"
    ):
        convert_file(
            FIXTURES / "networks" / "bn_1_1" / "net.p2.pkl", "npz", tmp_path / "a.npz", precision="float32"
        )
