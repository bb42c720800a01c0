"""Penalties on weights and activations, and bounds on weights; never on biases."""

from skregnet.penalties._base import Penalty
from skregnet.penalties.activity import (
    ActivityPenalty,
    DivergenceActivity,
    L1Activity,
    L2Activity,
    Share,
)
from skregnet.penalties.l1 import L1Penalty
from skregnet.penalties.l2 import L2Penalty
from skregnet.penalties.max_norm import MaxNorm

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
