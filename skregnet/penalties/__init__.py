"""Penalties on the weights of a network, never on its biases."""

from skregnet.penalties._base import Penalty
from skregnet.penalties.l2 import L2Penalty

__all__ = ["L2Penalty", "Penalty"]
