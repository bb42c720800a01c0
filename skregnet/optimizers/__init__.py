"""Optimizers: rules that turn a gradient into a step, and what goes around them."""

from skregnet.optimizers._base import Optimizer, State
from skregnet.optimizers.adagrad import AdaGrad
from skregnet.optimizers.adam import Adam
from skregnet.optimizers.adamw import AdamW
from skregnet.optimizers.averaged import Averaged
from skregnet.optimizers.clipping import GradientClipping
from skregnet.optimizers.delta_bar_delta import DeltaBarDelta
from skregnet.optimizers.lookahead import Lookahead
from skregnet.optimizers.minimize import Path, minimize
from skregnet.optimizers.nadam import NAdam
from skregnet.optimizers.rmsprop import RMSProp
from skregnet.optimizers.scheduled import Scheduled
from skregnet.optimizers.sgd import SGD
from skregnet.optimizers.weight_decay import WeightDecay

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Averaged",
    "DeltaBarDelta",
    "GradientClipping",
    "Lookahead",
    "NAdam",
    "Optimizer",
    "Path",
    "RMSProp",
    "Scheduled",
    "State",
    "WeightDecay",
    "minimize",
]
