"""Optimizers: rules that turn a gradient into a step, and what goes around them."""

from skregnet.optimizers._adagrad import AdaGrad
from skregnet.optimizers._adam import Adam
from skregnet.optimizers._adamw import AdamW
from skregnet.optimizers._averaged import Averaged
from skregnet.optimizers._base import Optimizer, State
from skregnet.optimizers._clipping import GradientClipping
from skregnet.optimizers._delta_bar_delta import DeltaBarDelta
from skregnet.optimizers._lookahead import Lookahead
from skregnet.optimizers._minimize import Path, minimize
from skregnet.optimizers._nadam import NAdam
from skregnet.optimizers._rmsprop import RMSProp
from skregnet.optimizers._scheduled import Scheduled
from skregnet.optimizers._sgd import SGD
from skregnet.optimizers._weight_decay import WeightDecay

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
