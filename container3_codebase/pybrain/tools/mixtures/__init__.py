"""Mixtures of Gaussians that model the rewards of actions."""
