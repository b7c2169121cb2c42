"""Mixtures of Gaussians that model which actions bring reward."""
