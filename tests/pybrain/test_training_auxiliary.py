"""Gaussian processes, principal components, clusters, importance mixing."""

import numpy as np
import pytest

from pybrain.auxiliary import GaussianProcess, importanceMixing
from pybrain.auxiliary.importancemixing import testImportanceMixing as try_importance_mixing
from pybrain.auxiliary.kmeans import kinit, kmeanspp
from pybrain.auxiliary.pca import makeCentered, pca, pPca, reduceDim
from pybrain.datasets import SupervisedDataSet


@pytest.fixture
def stretched():
    """Return points along (1, 2, 0) with a little noise."""
    generator = np.random.RandomState(0)
    return generator.randn(200, 1) * [1.0, 2.0, 0.0] + 0.05 * generator.randn(200, 3) + 5


@pytest.mark.parametrize(("function", "longest"), [(pca, -1), (pPca, 0)])
def test_one_principal_component_has_the_largest_variance(stretched, function, longest):
    np.random.seed(1)
    components = function(stretched, 2)
    assert components.shape == (2, 3)
    assert abs(components[longest] @ [1, 2, 0]) / np.sqrt(5) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(components @ components.T, np.eye(2), atol=1e-9)


def test_components_are_in_pybrains_order():
    data = [[2.5, 2.4], [0.5, 0.7], [2.2, 2.9], [1.9, 2.2], [3.1, 3.0], [2.3, 2.7], [2.0, 1.6], [1.0, 1.1]]
    straight, swapped = np.asarray(reduceDim(data, 2)), np.asarray(reduceDim([row[::-1] for row in data], 2))
    assert np.var(straight, axis=0).argmax() == 0
    assert np.var(swapped, axis=0).argmax() == 1
    np.testing.assert_allclose(np.abs(straight), np.abs(swapped[:, ::-1]), atol=1e-12)


def test_pca_and_probabilistic_pca_find_the_same_subspace(stretched):
    np.random.seed(1)
    projectors = [one.T @ one for one in (pca(stretched, 1), pPca(stretched, 1))]
    np.testing.assert_allclose(*projectors, atol=1e-6)


def test_dimensionality_is_reduced(stretched):
    reduced = reduceDim(stretched, 1)
    assert reduced.shape == (200, 1)
    assert np.mean(reduced) == pytest.approx(0, abs=1e-12)
    assert np.var(reduced) == pytest.approx(np.var(stretched, axis=0).sum(), rel=0.01)
    np.testing.assert_allclose(makeCentered(stretched).mean(axis=0), 0, atol=1e-12)
    with pytest.raises(ValueError, match="expected one of pca, ppca"):
        reduceDim(stretched, 1, "ica")
    with pytest.raises(ValueError, match=r"1 \.\. 3 components, not 4"):
        pca(stretched, 4)


def test_clusters_are_found():
    generator = np.random.RandomState(0)
    centres = np.array([[0, 0], [10, 0], [0, 10]])
    points = np.concatenate([centre + generator.randn(30, 2) for centre in centres])
    np.random.seed(2)
    found, labels = kmeanspp(points, 3)
    assert all(np.linalg.norm(found - centre, axis=1).min() < 1 for centre in centres)
    assert [len(set(labels[start : start + 30])) for start in (0, 30, 60)] == [1, 1, 1]
    assert kinit(np.zeros((4, 2)), 2).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="between 1 and 4 centres"):
        kinit(np.zeros((4, 2)), 5)


def test_a_gaussian_process_fits_its_samples_and_is_uncertain_elsewhere():
    dataset = SupervisedDataSet(1, 1)
    for x in (0.0, 0.5, 1.0):
        dataset.addSample(x, np.sin(3 * x))
    process = GaussianProcess(1, start=0, stop=5, step=0.1)
    process.hyper = [0.5, 1.0, 1e-3]
    process.trainOnDataset(dataset)
    np.testing.assert_allclose(process.testOnArray([[0.0], [0.5], [1.0]]), np.sin([0.0, 1.5, 3.0]), atol=5e-3)
    assert process.testx.tolist() == [[0.0], [0.5], [1.0]]
    process.testOnArray(np.arange(0, 5, 0.1))
    process.draw()
    deviations = np.sqrt(np.diag(process.pred_cov))
    assert deviations[0] < 0.05
    assert deviations[-1] == pytest.approx(1.0, abs=1e-3)
    process.reset()
    np.testing.assert_allclose(process.testOnArray([[0.5]]), [0.0])


def test_two_samples_give_pybrains_values():
    """Recorded from PyBrain 0.3: hyper [0.5, 2, 0.1], samples (0, 1) and (0.5, 2)."""
    process = GaussianProcess(1)
    process.addSample([0], [1])
    process.addSample([0.5], [2])
    means = process.testOnArray([[0.0], [0.3], [2.0]])
    np.testing.assert_allclose(means, [1.0000841, 1.75309007, 0.02436565], atol=1e-8)
    np.testing.assert_allclose(np.diag(process.pred_cov)[:2], [0.0009996, 0.11220567], atol=1e-7)


def test_a_gaussian_process_requires_one_target():
    with pytest.raises(ValueError, match="1 inputs and 1 target, not 2 and 1"):
        GaussianProcess(1).addSample([1, 2], 3)


def test_noise_is_estimated_from_repeated_points():
    process = GaussianProcess(1)
    process.autonoise = True
    for value in (1.0, 3.0):
        process.addSample([0.0], value)
    assert process.noise.tolist() == pytest.approx([0.001, 1.001])


def test_importance_mixed_samples_follow_the_new_distribution(capsys):
    np.random.seed(1)
    kept, mean, variance = try_importance_mixing(popsize=4000)
    assert 1000 < kept < 4000
    assert mean == pytest.approx(1, abs=0.1)
    assert variance == pytest.approx(2, abs=0.2)
    assert "kept" in capsys.readouterr().out


def test_importance_mixing_of_equal_distributions_keeps_most_samples():
    np.random.seed(1)
    kept, drawn = importanceMixing(list(range(50)), lambda x: 1.0, lambda x: 1.0, lambda: -1, 0.1)
    assert len(kept) + len(drawn) == 50
    assert drawn == [-1] * len(drawn)
    assert len(drawn) >= 1
