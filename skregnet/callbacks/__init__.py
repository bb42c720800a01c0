"""Callbacks of scikit-learn's protocol: to watch, end or save training."""

from skregnet.callbacks._checkpoint import Checkpoint
from skregnet.callbacks._curvature_monitor import CurvatureMonitor
from skregnet.callbacks._parameter_path import ParameterPath
from skregnet.callbacks._time_limit import TimeLimit

__all__ = ["Checkpoint", "CurvatureMonitor", "ParameterPath", "TimeLimit"]
