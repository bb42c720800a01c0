"""Optimizers: rules that turn a gradient into a step, and wrappers around them.

Names imported as themselves are for training within the package, not part of the API.
"""

from skregnet.optimizers._adagrad import AdaGrad
from skregnet.optimizers._adam import Adam
from skregnet.optimizers._adamw import AdamW
from skregnet.optimizers._averaged import Averaged
from skregnet.optimizers._averaged import follow as follow
from skregnet.optimizers._base import Optimizer, State
from skregnet.optimizers._clipping import GradientClipping
from skregnet.optimizers._delta_bar_delta import DeltaBarDelta
from skregnet.optimizers._hyperparameters import Hyperparameters as Hyperparameters
from skregnet.optimizers._hyperparameters import is_finite as is_finite
from skregnet.optimizers._lookahead import Lookahead
from skregnet.optimizers._minimize import Path, minimize
from skregnet.optimizers._nadam import NAdam
from skregnet.optimizers._rmsprop import RMSProp
from skregnet.optimizers._scheduled import Scheduled
from skregnet.optimizers._schedules import SHAPES as SHAPES
from skregnet.optimizers._schedules import Adaptive as Adaptive
from skregnet.optimizers._schedules import Constant as Constant
from skregnet.optimizers._schedules import Gradual as Gradual
from skregnet.optimizers._schedules import InverseScaling as InverseScaling
from skregnet.optimizers._schedules import Schedule as Schedule
from skregnet.optimizers._schedules import shape_of as shape_of
from skregnet.optimizers._sgd import SGD
from skregnet.optimizers._weight_decay import WeightDecay
from skregnet.optimizers._wrapper import Wrapper as Wrapper
from skregnet.optimizers._wrapper import settle as settle

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
