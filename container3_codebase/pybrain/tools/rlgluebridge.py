"""The bridge to RL-Glue, which was written for Python 2 and is no longer maintained.

The agent adapter works without RL-Glue. Everything that starts RL-Glue's programs raises
`RLCompetitionNotFound` with an explanation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any, NoReturn


DEFAULT_PORT = 4096


class RLGlueError(Exception):
    """RL-Glue cannot perform an operation."""


class RLCompetitionNotFound(RLGlueError):
    """RL-Glue's programs are not available."""


def adaptAgent(agent_klass: Any) -> Any:
    """Return a function that creates an adapted agent of a class."""
    return lambda *args, **kwargs: RlglueAgentAdapter(agent_klass, *args, **kwargs)


def adaptAgentObject(agent_object: Any) -> Any:
    """Return an agent object, adapted to RL-Glue."""
    return RlglueAgentAdapter(lambda: agent_object)


class RlglueAgentAdapter:
    """Calls an agent (integrateObservation, getAction, giveReward, newEpisode) the way RL-Glue does.

    Args:
        klass: creates the agent.
        *args, **kwargs: arguments for ``klass``.
    """

    def __init__(self, klass: Any, *args: Any, **kwargs: Any) -> None:
        self.agent = klass(*args, **kwargs)

    def agent_init(self, task_specification: Any = None) -> str:
        """Begin a task."""
        return ""

    def agent_start(self, firstObservation: Any) -> Any:
        """Begin an episode, and return the first action."""
        self.agent.newEpisode()
        return self._act(firstObservation)

    def agent_step(self, reward: Any, observation: Any) -> Any:
        """Process a reward and an observation, and return the next action.

        Args:
            reward: the reward for the last action.
            observation: the current observation.
        """
        self.agent.giveReward(reward)
        return self._act(observation)

    def _act(self, observation: Any) -> Any:
        self.agent.integrateObservation(np.asarray(observation, dtype=float))
        return self.agent.getAction()

    def agent_end(self, reward: Any) -> None:
        """Process the last reward of an episode."""
        self.agent.giveReward(reward)

    def agent_cleanup(self) -> None:
        """End a task."""

    def agent_freeze(self) -> None:
        """Stop learning."""
        self.agent.learning = False

    def agent_message(self, message: Any) -> Any:
        """Reply to a message."""
        return "" if message is None else str(message)


def _unavailable(*args: Any, **kwargs: Any) -> NoReturn:
    raise RLCompetitionNotFound(
        "RL-Glue is for Python 2 and not maintained; its programs cannot be started here"
    )


class RLCExperiment:
    """A task of the RL competition; needs RL-Glue's programs."""

    def __init__(self, path: Any, port: int | None = None, autoreconnect: Any = None) -> None:
        self.path = path
        self.port = DEFAULT_PORT if port is None else port

    start = _unavailable

    def stop(self) -> None:
        """Do nothing: no program was started."""


class RlCompBenchmark:
    """Several agents on the tasks of the RL competition; needs RL-Glue's programs."""

    def __init__(self, agents: Any, port: int | None = None) -> None:
        self.agents = agents
        self.port = DEFAULT_PORT if port is None else port

    run = testAgent = saveStats = _unavailable


def testAgent(path: Any, agent: Any, port: int = DEFAULT_PORT) -> None:
    """Run one agent on one task; needs RL-Glue's programs.

    Args:
        path: the task.
        agent: the agent.
        port: port of RL-Glue.
    """
    _unavailable()


vars(testAgent)["__test__"] = False


class BenchmarkingAgent:
    """Forwards all calls to an agent and records the sum of rewards of each episode.

    Args:
        agent: the agent.

    Attributes:
        benchmark: a `pybrain.tools.benchmark.BenchmarkDataSet`.
    """

    def __init__(self, agent: Any) -> None:
        from pybrain.tools.benchmark import BenchmarkDataSet

        self.agent = agent
        self.benchmark = BenchmarkDataSet()
        self._rewards: list[Any] = []

    def giveReward(self, r: Any) -> None:
        """Forward a reward and add it to the sum."""
        self._rewards.append(float(np.sum(r)))
        self.agent.giveReward(r)

    def newEpisode(self) -> None:
        """Record the episode that ends, and begin the next."""
        if self._rewards:
            self.benchmark.appendLinked(np.mean(self._rewards), len(self.benchmark) + 1)
        self._rewards = []
        self.agent.newEpisode()

    def __getattr__(self, name: str) -> Any:
        if name == "agent":
            raise AttributeError(name)
        return getattr(self.agent, name)
