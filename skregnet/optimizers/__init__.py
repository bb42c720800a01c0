"""Optimizers: rules that turn a gradient into a step."""

from skregnet.optimizers._base import Optimizer, State
from skregnet.optimizers.adam import Adam
from skregnet.optimizers.clipping import GradientClipping
from skregnet.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "GradientClipping", "Optimizer", "State"]
