"""Nearest neighbours by hashing."""

import numpy as np
import pytest

from pybrain.supervised.knn.lsh.minhash import MinHash, arrayPermutation, jacardCoefficient
from pybrain.supervised.knn.lsh.nearoptimal import MultiDimHash


def test_a_permutation_is_applied_to_arrays_of_its_length():
    permute = arrayPermutation([2, 0, 1])
    assert permute(["a", "b", "c"]).tolist() == ["c", "a", "b"]
    with pytest.raises(ValueError, match="the permutation has 3 entries, the array has 2"):
        permute([1, 2])


def test_jaccard_similarity_is_computed():
    assert jacardCoefficient([1, 1, 0, 0], [1, 0, 1, 0]) == 0.5
    assert jacardCoefficient([0, 0], [0, 0]) == 1.0


def test_minhash_collisions_estimate_jaccard_similarity():
    np.random.seed(1)
    one, other = np.array([1, 1, 1, 1, 0, 0, 0, 0]), np.array([1, 1, 0, 0, 1, 1, 0, 0])
    table = MinHash(8, 3000)
    agreed = np.mean(np.array(table._hash(one)) == np.array(table._hash(other)))
    # Two ones in common, six in either.
    assert agreed == pytest.approx(2 / 6, abs=0.04)


def test_the_most_similar_vectors_are_returned_first():
    np.random.seed(1)
    table = MinHash(6, 1)
    for number in range(6):
        table.put([1] * (6 - number) + [0] * number, number)
    found = table.knn([1] * 6, 2)
    assert found[0][0].tolist() == [True] * 6
    assert found[0][1] == 0
    assert len(table.knn([1] * 6, 1)) == 1
    with pytest.raises(ValueError, match="items have 6 entries"):
        table.put([1, 0], "short")


def test_near_points_share_a_ball_and_are_sorted_by_distance():
    np.random.seed(3)
    table = MultiDimHash(2, omega=4, prob=0.9)
    centre = np.zeros(2)
    ball = table.findBall(centre)
    points = np.random.randn(50, 2) * 0.3
    for index, point in enumerate(points):
        table.insert(point, index)
    same = [index for index, point in enumerate(points) if table.findBall(point) == ball]
    found = table.knn(centre, 5)
    distances = np.linalg.norm(points[same], axis=1)
    assert [np.linalg.norm(point) for point, _ in found] == pytest.approx(sorted(distances)[:5])
    assert all((points[index] == point).all() for point, index in found)
    assert len(same) > 10
    with pytest.raises(ValueError, match="points have 2 dimensions"):
        table.insert([1, 2, 3], None)
    with pytest.raises(ValueError, match="between 0 and 1, not 1"):
        MultiDimHash(2, prob=1)


def test_points_are_hashed_by_hypercubes_and_balls_as_in_pybrain():
    table = MultiDimHash(dim=2, omega=5 / 2**0.25)
    assert (table.radius, table.radiusSquared) == (pytest.approx(2**0.25), pytest.approx(2**0.5))
    for place, cube, within in (
        ([0, 0], [0, 0], [0, 0]),
        ([15.14, 0.5], [3, 0], [0.14, 0.5]),
        ([-4.9, 10.1], [-1, 2], [0.1, 0.1]),
    ):
        found = table._findHypercube(np.array(place))
        assert found[0].tolist() == cube
        np.testing.assert_allclose(found[1], within, atol=1e-12)
    table.gridBalls = np.array([[0.3, 0.3], [3.0, 3.0]])
    assert [table._findLocalBall(p) for p in ([0.29, 0.31], [2.9, 2.71], [20, 0], [5.4, 0.9])] == [
        0,
        1,
        None,
        None,
    ]
    assert table.findBall([2.9 - 10, 2.71 + 20]) == ((-2, 4), 1)


@pytest.mark.parametrize("dim", [1, 2, 3, 20])
def test_balls_contain_a_point_with_the_desired_probability(dim):
    np.random.seed(6)
    held = [MultiDimHash(dim, prob=0.7).findBall(np.random.randn(dim) * 9)[1] is not None for _ in range(300)]
    assert np.mean(held) == pytest.approx(0.7, abs=0.08)
