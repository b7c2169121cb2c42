"""Reinforcement learning: not part of this library yet."""

raise ImportError(
    "pybrain.rl is not part of this library yet. The networks, the exploration layers and "
    "ReinforcementDataSet are included; provide your own agent and environment."
)
