"""Penalties on weights and activations, and bounds on weights; never on biases."""

from skregnet._networks.penalties._base import Penalty
from skregnet._networks.penalties.activity import (
    ActivityPenalty,
    DivergenceActivity,
    L1Activity,
    L2Activity,
    Share,
)
from skregnet._networks.penalties.l1 import L1Penalty
from skregnet._networks.penalties.l2 import L2Penalty
from skregnet._networks.penalties.max_norm import MaxNorm

__all__ = [
    "ActivityPenalty",
    "DivergenceActivity",
    "L1Activity",
    "L1Penalty",
    "L2Activity",
    "L2Penalty",
    "MaxNorm",
    "Penalty",
    "Share",
]
