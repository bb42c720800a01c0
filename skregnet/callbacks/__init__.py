"""Callbacks of scikit-learn's protocol: to watch, end or save training."""

from skregnet.callbacks.checkpoint import Checkpoint
from skregnet.callbacks.curvature_monitor import CurvatureMonitor
from skregnet.callbacks.parameter_path import ParameterPath
from skregnet.callbacks.time_limit import TimeLimit

__all__ = ["Checkpoint", "CurvatureMonitor", "ParameterPath", "TimeLimit"]
