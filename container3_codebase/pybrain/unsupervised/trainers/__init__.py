"""Trainers of restricted Boltzmann machines and of stacks of them."""
