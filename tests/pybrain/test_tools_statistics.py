"""Rankings, Pareto fronts, Fisher information, Indian buffet processes, grids and other tools."""

import numpy as np
import pytest

from pybrain.tools.aptativeresampling import AdaptiveResampler
from pybrain.tools.benchmark import BenchmarkDataSet
from pybrain.tools.example_tools import ExTools
from pybrain.tools.fisher import calcFisherInformation, calcInvFisher
from pybrain.tools.gridsearch import GridSearch2D, GridSearchCostGamma, GridSearchDOE
from pybrain.tools.ibp import generateIBP, leftordered
from pybrain.tools.kwargsprocessor import KWArgDsc, KWArgsProcessor
from pybrain.tools.mixtures import mixtureofgaussian, mogpuremax
from pybrain.tools.networking.udpconnection import UDPClient, UDPServer
from pybrain.tools.nondominated import (
    const_crowding_distance,
    const_non_dominated_sort,
    const_number_of_feasible_pop,
    crowding_distance,
    non_dominated_front,
    non_dominated_sort,
)
from pybrain.tools.rankingfunctions import (
    BilinearRanking,
    ExponentialRanking,
    HansenRanking,
    RankingFunction,
    SmoothGiniRanking,
    TopLinearRanking,
    TopSelection,
    TournamentSelection,
    normalizedFitness,
    rankedFitness,
)
from pybrain.tools.rlgluebridge import (
    BenchmarkingAgent,
    RLCExperiment,
    RLCompetitionNotFound,
    adaptAgentObject,
)

FITNESSES = np.array([3.0, -1.0, 10.0, 4.0, 0.0, 2.0])


def test_fitnesses_are_ranked_and_scaled():
    assert rankedFitness([30, 10, 20]).tolist() == [2, 0, 1]
    assert normalizedFitness([30, 10, 20]).tolist() == pytest.approx([1.5**0.5, -(1.5**0.5), 0])
    assert normalizedFitness([1, 1]).tolist() == [0, 0]


@pytest.mark.parametrize(
    "function",
    [
        *(RankingFunction, TournamentSelection, SmoothGiniRanking, ExponentialRanking, HansenRanking),
        *(TopSelection, TopLinearRanking, BilinearRanking),
    ],
)
def test_weights_follow_the_order(function):
    weights = function()(FITNESSES)
    assert (np.diff(weights[np.argsort(FITNESSES)]) >= 0).all()
    assert weights[2] > weights[1] >= 0


def test_weights_are_those_of_pybrain():
    """The weights were recorded from PyBrain 0.3 for the same fitnesses."""
    np.testing.assert_allclose(
        ExponentialRanking()(FITNESSES), [403.428793, 1.0, 22026.4658, 2980.95799, 7.38905610, 54.5981500]
    )
    np.testing.assert_allclose(
        SmoothGiniRanking()(FITNESSES), [6.0935974e-05, 0, 1, 1.44115188e-02, 5.24288e-14, 2.74877907e-08]
    )
    np.testing.assert_allclose(BilinearRanking()(FITNESSES), [0.12, 0.0, 1.0, 0.16, 0.04, 0.08])
    np.testing.assert_allclose(TopLinearRanking(topFraction=0.4)(np.arange(20))[11:15], [0, 0, 1 / 7, 2 / 7])
    weights = HansenRanking()(np.array([3.0, 1, 2, 5, 4]))
    np.testing.assert_allclose(weights, [0.154151, 0, 0, 1.252763, 0.559616], atol=1e-6)
    mixed = SmoothGiniRanking(gini=0.5, linearComponent=0.25)(np.arange(20))
    np.testing.assert_allclose(mixed[[1, 18]], [0.04547443, 0.93412769], rtol=1e-6)


def test_a_ranking_takes_its_options():
    assert TopSelection(topFraction=0.5)(FITNESSES).tolist() == [1, 0, 1, 1, 0, 0]
    ranking = TopLinearRanking()
    assert ranking.getPossibleParameters(5).tolist() == [0.4, 0.6, 0.8, 1.0]
    ranking.setParameter(0.5)
    assert ranking(FITNESSES).tolist() == [0, 0, 1, 0.5, 0, 0]


def test_pareto_fronts_contain_the_non_dominated_items():
    items = [(1, 5), (2, 4), (2, 2), (5, 1), (0, 0)]
    assert non_dominated_front(items) == {(0, 0)}
    assert non_dominated_sort(items) == [{(0, 0)}, {(5, 1), (2, 2), (2, 4), (1, 5)}]
    assert non_dominated_sort(items, allowequality=False) == [{(0, 0)}, {(5, 1), (2, 2), (1, 5)}, {(2, 4)}]
    assert non_dominated_front([(1, 1), (1, 2), (2, 2)]) == {(1, 2), (1, 1)}
    assert non_dominated_front({"a": 3, "b": 1, "c": 1}, key={"a": 3, "b": 1, "c": 1}.get) == {"b", "c"}
    assert non_dominated_front([]) == set()


def test_crowding_distance_is_the_distance_between_neighbours():
    fitnesses = {"a": (0, 0), "b": (1, 1), "c": (2, 2), "d": (4, 4)}
    assert crowding_distance(list("abcd"), fitnesses) == {"a": 1e100, "b": 1.0, "c": 1.5, "d": 1e100}


def test_feasible_items_are_ranked_first():
    items = {"good": ([2], 0), "better": ([1], 0), "outside": ([0], -1), "further": ([0], -2)}
    fronts = const_non_dominated_sort(items, key=items.get)
    assert fronts == [{"better"}, {"good"}, {"outside"}, {"further"}]
    assert const_number_of_feasible_pop(items, key=items.get) == 2
    assert const_crowding_distance(list(items), items)["good"] == 1e100


def test_fisher_information_matches_its_inverse_and_its_definition():
    sigma = np.array([[2.0, 0.5], [0.5, 1.0]])
    blocks, inverses = calcFisherInformation(sigma), calcInvFisher(sigma)
    for block, inverse in zip(blocks, inverses, strict=True):
        np.testing.assert_allclose(block @ inverse, np.eye(len(block)), atol=1e-12)
    # The definition: the covariance of the slopes of the log-likelihood, here by the factor's last entry.
    factor = np.linalg.cholesky(sigma).T
    points = np.random.RandomState(1).multivariate_normal([0, 0], sigma, 200_000)
    standard = np.linalg.solve(factor.T, points.T)
    slopes = (standard[1] ** 2 - 1) / factor[1, 1]
    assert np.mean(slopes**2) == pytest.approx(blocks[2][0, 0], rel=0.03)


def test_indian_buffet_samples_have_the_expected_size():
    np.random.seed(1)
    tables = [generateIBP(10, alpha=3) for _ in range(300)]
    expected = 3 * sum(1 / i for i in range(1, 11))
    assert np.mean([table.shape[1] for table in tables]) == pytest.approx(expected, rel=0.1)
    assert np.mean([table.sum(axis=1).mean() for table in tables]) == pytest.approx(3, rel=0.1)


def test_left_ordering_sorts_columns_in_descending_order():
    matrix = np.array([[0, 1, 1], [1, 0, 1]])
    assert leftordered(matrix).tolist() == [[1, 1, 0], [1, 0, 1]]


def test_arguments_become_attributes():
    class Thing:
        pass

    thing = Thing()
    processor = KWArgsProcessor(thing, {"a": 1})
    processor.add("a")
    processor.add("b", default=2, private=True)
    assert (thing.a, thing._b) == (1, 2)
    with pytest.raises(KeyError, match="the argument 'c' is required"):
        processor.add("c")
    with pytest.raises(KeyError, match="unknown options"):
        KWArgDsc("d", public=True)
    assert not KWArgDsc("d").hasDefault()


class Peak:
    """A function with its maximum at (4, 1/2), that is log2 = (2, -1)."""

    def _validate(self, params):
        return -((np.log2(params[0]) - 2) ** 2) - (np.log2(params[1]) + 1) ** 2


def test_the_best_point_of_a_grid_is_found():
    class Grid(Peak, GridSearch2D):
        pass

    class Refined(Peak, GridSearchDOE):
        pass

    grid = Grid([0, -3], [4, 1], n_steps=5)
    assert grid.search().tolist() == [4, 0.5]
    assert len(grid.getPerformances()) == 25
    assert Refined([-5, -5], [6, 6], n_iterations=8).search().tolist() == pytest.approx([4, 0.5], rel=0.05)
    with pytest.raises(ValueError, match="unknown option 'steps'"):
        Grid([0, 0], [1, 1], steps=3)
    with pytest.raises(ValueError, match="must have two values each"):
        Grid([0], [1])


def test_cost_and_gamma_are_passed_to_the_trainer(monkeypatch):
    from pybrain.tools import gridsearch

    class Trainer:
        def setParams(self, **params):
            self.params = params

    class Validator:
        def __init__(self, trainer, dataset, **options):
            self.trainer, self.options = trainer, options

        def validate(self):
            assert self.options == {"n_folds": 3}
            return -abs(self.trainer.params["C"] - 2) - abs(self.trainer.params["gamma"] - 1)

    monkeypatch.setattr(gridsearch, "CrossValidator", Validator)
    search = GridSearchCostGamma(Trainer(), None, (0, -1), (2, 1), n_steps=3, n_folds=3)
    assert search.search().tolist() == [2, 1]


def test_noisy_functions_are_resampled_more_often():
    np.random.seed(1)
    clear, noisy = AdaptiveResampler(lambda x: x, 10), AdaptiveResampler(lambda x: np.random.randn(), 10)
    for value in range(60):
        clear(value)
        noisy(value)
    assert clear.resample_over == 2
    assert noisy.resample_over > 4


@pytest.mark.parametrize("typ", ["sum", "max", None])
def test_a_mixture_moves_towards_the_reward(typ):
    np.random.seed(1)
    if typ is None:
        mixture = mogpuremax.MixtureOfGaussians(alphaA=0.5, alphaM=0.001, alphaS=0.001)
    else:
        mixture = mixtureofgaussian.MixtureOfGaussians(typ, alphaA=0.5, alphaM=0.001, alphaS=0.001)
    for _ in range(3000):
        x = np.random.random()
        mixture.learn(x, float(x > 0.5))
    assert mixture.getSample(0.8) > 2 * mixture.getSample(0.1)
    assert 0 <= mixture.drawSample() <= 1
    assert mixture.invSigmo(mixture.sigmo(0.3)) == pytest.approx(0.3)


def test_an_unknown_mixture_is_refused():
    with pytest.raises(ValueError, match="'sum' or 'max', not 'mean'"):
        mixtureofgaussian.MixtureOfGaussians("mean")
    x, reward = mixtureofgaussian.MixtureOfGaussians("sum").sample()
    assert reward == mixtureofgaussian.MixtureOfGaussians("max").testRewardFunction(x)


def test_arrays_are_sent_from_server_to_client():
    server = UDPServer(port=0)
    client = UDPClient(port=server.address[1])
    try:
        assert server.listen(timeout=5).tolist() == []
        server.send([1.5, -2.0])
        assert client.listen(timeout=5).tolist() == [1.5, -2.0]
        assert client.listen([0], timeout=0.01) == [0]
        with pytest.raises(ValueError, match="at most 1024 are allowed"):
            server.send(np.zeros(1000))
    finally:
        server.close()
        client.close()


class Agent:
    learning = True

    def __init__(self):
        self.seen = []

    def integrateObservation(self, observation):
        self.seen.append(observation.tolist())

    def getAction(self):
        return len(self.seen)

    def giveReward(self, reward):
        self.seen.append(reward)

    def newEpisode(self):
        self.seen.append("new")


def test_the_agent_adapter_implements_the_rl_glue_interface():
    agent = Agent()
    adapted = adaptAgentObject(agent)
    assert adapted.agent_start([1, 2]) == 2
    assert adapted.agent_step(0.5, [3]) == 4
    adapted.agent_end(1.0)
    adapted.agent_freeze()
    assert agent.seen == ["new", [1.0, 2.0], 0.5, [3.0], 1.0]
    assert agent.learning is False
    with pytest.raises(RLCompetitionNotFound, match="Python 2"):
        RLCExperiment("path").start()


def test_a_benchmarked_agent_keeps_its_rewards():
    agent = BenchmarkingAgent(Agent())
    agent.giveReward(1.0)
    agent.giveReward(2.0)
    agent.newEpisode()
    assert isinstance(agent.benchmark, BenchmarkDataSet)
    assert agent.benchmark["Average Reward"].tolist() == [[1.5]]
    assert agent.getAction() == 3


def test_experiment_results_are_saved_in_text_files(tmp_path, capsys):
    tools = ExTools(batch=2, prnts=1)
    tools.saveWeights(tmp_path / "weights", [0.1, 1 / 3])
    assert tools.loadWeights(tmp_path / "weights").tolist() == [0.1, 1 / 3]
    tools.printResults([1.0, 3.0], 0, 4)
    tools.addExps()
    assert "run 0: evaluations 10, mean reward 2" in capsys.readouterr().out
