"""The helpers of pybrain.utilities and pybrain.tools.functions."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pybrain import utilities as u
from pybrain.tools import functions as f


def test_sampling_follows_the_probabilities():
    np.random.seed(1)
    drawn = np.bincount([u.drawIndex([0.1, 0.0, 0.9]) for _ in range(2000)], minlength=3) / 2000
    np.testing.assert_allclose(drawn, [0.1, 0, 0.9], atol=0.03)
    with pytest.raises(ValueError, match="sum to 2"):
        u.drawIndex([1, 1])
    assert u.drawIndex([0, 5], tolerant=True) == 1
    gibbs = np.bincount([u.drawGibbs([0, 1], 0.5) for _ in range(2000)]) / 2000
    assert gibbs[1] == pytest.approx(1 / (1 + np.exp(-2)), abs=0.04)
    assert u.drawGibbs([1, 3, 2], 0) == 1


def test_argmax_functions_return_the_largest_values():
    assert u.all_argmax([1, 3, 3]) == [1, 2]
    assert u.r_argmax([1, 3, 3]) in (1, 2)


def test_random_matrices_are_orthogonal():
    for m in (u.dense_orth(4), u.sparse_orth(5), u.sparse_orth(1)):
        np.testing.assert_allclose(m @ m.T, np.eye(len(m)), atol=1e-12)


def test_seeds_reach_both_generators():
    import random

    u.seedit(3)
    first = (random.random(), np.random.random())
    u.seedit(3)
    assert (random.random(), np.random.random()) == first


def test_classes_convert_to_one_hot_codes_and_back():
    assert u.one_to_n(2, 4).tolist() == [0, 0, 1, 0]
    assert u.n_to_one([0, 0, 1, 0]) == 2
    assert u.percentError([1, 2, 3, 4], [1, 2, 0, 0]) == 50
    with pytest.raises(ValueError, match="2 outputs cannot be compared with 3 targets"):
        u.percentError([1, 2], [1, 2, 3])
    assert [u.gray2int(u.int2gray(i), 8) for i in range(100)] == list(range(100))
    assert u.asBinary(10) == "1010"
    assert u.binArr2int([1, 0, 1, 0]) == u.binArr2int(np.array([1, 0, 1])) == 0b10100000
    assert u.binArr2int([0] * 8 + [1]) == 128


def test_combinations_and_subsets_are_enumerated():
    assert list(u.iterCombinations((2, 1, 2))) == [(0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 1)]
    assert u.crossproduct([[1, 2], "ab"]) == [[1, "a"], [1, "b"], [2, "a"], [2, "b"]]
    assert u.crossproduct([[1], [2, 3]], row=[0], level=1) == [[0, 2], [0, 3]]
    assert u.tupleRemoveItem((1, 2, 3), 1) == (1, 3)
    assert u.dictCombinations({"a": [1, 2], "b": 3}) == [{"a": 1, "b": 3}, {"a": 2, "b": 3}]
    assert u.subDict({1: 2, 3: 4}, [1]) == {1: 2}
    assert u.subDict({1: 2, 3: 4}, [1], flip=True) == {3: 4}
    assert u.matchingDict({"a": 1}, {"a": [1, 2], "b": 3})
    assert not u.matchingDict({"a": 1}, {"b": 3}, require_existence=True)
    assert not u.matchingDict({"a": 1}, {"a": lambda v: v > 1})
    assert not u.matchingDict({"a": 1}, {"a": 2})


def test_graph_search_finds_paths():
    graph = {1: [2, 3], 2: [4], 3: [4], 4: [5], 5: []}
    assert u.reachable(graph.__getitem__, [1], [4, 5]) == {4: 2}
    assert u.reachable(graph.__getitem__, [4], [4, 5]) == {4: 0}
    assert u.flood(graph.__getitem__, {1, 2, 4, 5}, [1]) == [1, 2, 4, 5]
    assert u.flood(graph.__getitem__, graph, [3], relevant=[4]) == [3, 4]
    assert u.flood(graph.__getitem__, {2, 4, 5}, [1]) == []


def test_arrays_are_rearranged():
    assert u.permute([10, 20, 30], [2, 0, 1]).tolist() == [30, 10, 20]
    m = np.arange(16).reshape(4, 4)
    assert u.permuteToBlocks2d(m, 2, 2).tolist()[:8] == [0, 1, 4, 5, 2, 3, 6, 7]
    assert u.permuteToBlocks3d(np.arange(8).reshape(2, 2, 2), 2, 1, 1).tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    with pytest.raises(ValueError, match=r"shape \(4, 4\) cannot be divided into blocks of \(3, 2\)"):
        u.permuteToBlocks(m, (3, 2))
    upper = np.triu(np.arange(9.0).reshape(3, 3))
    assert u.flat2triu(u.triu2flat(upper), 3).tolist() == upper.tolist()
    blocks = u.blockList2Matrix([np.ones((1, 1)), 2 * np.ones((2, 2))])
    assert blocks.tolist() == [[1, 0, 0], [0, 2, 2], [0, 2, 2]]
    assert u.blockCombine([[np.eye(1), np.zeros((1, 1))], [np.zeros((1, 1)), np.eye(1)]]).tolist() == [
        [1, 0],
        [0, 1],
    ]
    assert u.xhash([1, 2]) == u.xhash([1, 2]) != u.xhash([2, 1])
    assert u.xhash(np.array([1.0])) == "3eafb06982d26cb8d0847b681f31c9055684eee2"  # in every process
    assert len(u.uniqueArrays([np.ones(2), np.zeros(2), np.ones(2)])) == 2


def test_numeric_helpers_return_known_values():
    assert u.linscale([1, 2, 3], (0, 1)).tolist() == [0, 0.5, 1]
    assert u.linscale([2, 2], (5, 6)).tolist() == [5, 5]
    assert repr(u.confidenceIntervalSize(2.0, 16)) == "1.98"
    assert u.avgFoundAfter([4, 3, 2, 1], [[5, 4, 3, 2, 1], [4.5, 3, 2.5, 1]]).tolist() == [1, 1.5, 3, 3.5]
    assert u.avgFoundAfter([3, 2, 1], [[3, 3, 2, 1.5], [2, 1]], batchSize=5).tolist() == [0, 5, 12.5]
    assert u.avgFoundAfter([0], [[3], [3, 0, 0], [3, 1, 0, 0]], useMedian=True).tolist() == [2]
    assert u.avgFoundAfter([10, 0], [[20], [20, 1, 1, 1, -2]]).tolist() == [3, 4.5]
    assert u.weightedUtest([5, 6, 7] * 5, [1] * 15, [1, 2, 3] * 5, [1] * 15) > 0.99
    assert u.weightedUtest([1, 2], [1, 1], [1, 2], [1, 1]) == pytest.approx(0.5)
    assert u.fListToString([1.23456, -7.8901, 123]) == "[1.235 , -7.89 , 123   ]"
    assert u.fListToString(np.array([[0.1], [2.0]]), 1) == "[0.1 , 2   ]"
    state = [0.2, 0.2, 0.545, 0.2725, -0.0675, -0.0675, 0, 0]
    columns = "[0.2    , 0.2    , 0.545  , 0.2725 , -0.0675, -0.0675, 0      , 0      ]"
    assert u.fListToString(state, 4) == columns
    assert u.fListToString([]) == "[]"
    assert u.formatFromExtension("a/b.c.pkl") == "pkl"
    assert u.formatFromExtension("a") is None


def test_indices_are_drawn_with_the_random_numbers_of_python():
    random.seed(1)
    assert [u.drawIndex([0.1, 0.2, 0.7]) for _ in range(8)] == [1, 2, 2, 1, 2, 2, 2, 2]


def test_memoize_distinguishes_keywords():
    @u.memoize
    def add(a, b=2):
        calls.append((a, b))
        return a + b

    calls = []
    assert [add(1), add(1, b=3), add(1, b=3), add(1)] == [3, 4, 4, 3]
    assert calls == [(1, 2), (1, 3)]


@pytest.mark.slow
def test_function_decorators_work(capsys):
    calls = []

    @u.memoize
    def square(x):
        calls.append(x)
        return x * x

    assert [square(3), square(3)] == [9, 9]
    assert calls == [3]
    assert u.multiEvaluate(4)(lambda: 2.0)() == 2.0
    assert u.garbagecollect(lambda: 5)() == 5
    u.trace(square)(3)
    assert "square -> 9" in capsys.readouterr().out
    got = []
    u.threaded(got.append)(lambda: 7)().join()
    assert got == [7]

    class Adder:
        def __call__(self, x):
            return x + 1

    adder = Adder()
    results = u.storeCallResults(adder)
    assert adder(1) == 2
    assert results == [2]
    assert u._import("pybrain.utilities.one_to_n") is u.one_to_n


def test_densities_match_their_formulas():
    density = f.multivariateNormalPdf([0.0, 0.0], [0.0, 0.0], np.diag([4.0, 1.0]))
    assert density == pytest.approx(1 / (4 * np.pi))
    assert f.simpleMultivariateNormalPdf([0.0, 0.0], 2.0) == pytest.approx(1 / (4 * np.pi))
    np.random.seed(1)
    spread = np.array([f.multivariateCauchy([1.0, 2.0], [1.0, 3.0]) for _ in range(4000)])
    np.testing.assert_allclose(np.median(spread, 0), [1, 2], atol=0.3)
    np.testing.assert_allclose(np.percentile(spread, 75, axis=0), [2, 5], atol=0.5)
    assert f.multivariateCauchy([0.0], [[1.0]], onlyDiagonal=False).shape == (1,)
    lengths = np.linalg.norm(np.random.randn(4000, 5), axis=1)
    assert f.approxChiFunction(5) == pytest.approx(lengths.mean(), rel=0.02)


def test_derivatives_match_finite_differences():
    x, h = np.array([-1.5, -0.2, 0.3, 2.0]), 1e-6
    for function, prime in (
        (f.sigmoid, f.sigmoidPrime),
        (np.tanh, f.tanhPrime),
        (f.expln, f.explnPrime),
        (f.semilinear, f.semilinearPrime),
    ):
        np.testing.assert_allclose(prime(x), (function(x + h) - function(x - h)) / (2 * h), rtol=1e-6)


def test_objects_survive_saving_and_loading(tmp_path):
    class Box(u.Serializable):
        def save_txt(self, flo):
            flo.write(b"box")

        @classmethod
        def load_txt(cls, flo):
            assert flo.read() == b"box"
            return cls()

    Box().saveToFile(tmp_path / "b.txt")
    assert Box.loadFromFile(tmp_path / "b.txt").filename == tmp_path / "b.txt"
    with pytest.raises(ValueError, match=r"cannot load format 'zip'; expected one of pickle, txt"):
        Box.loadFromFile(tmp_path / "b.txt", format="zip")


def test_objects_are_saved_as_pickles(tmp_path):
    from pybrain.datasets import SupervisedDataSet

    data = SupervisedDataSet(1, 1)
    data.addSample([1], [2])
    data.saveToFile(tmp_path / "d.pkl")
    assert len(SupervisedDataSet.loadFromFile(tmp_path / "d.pkl")) == 1
