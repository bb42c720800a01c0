"""Callbacks of scikit-learn's protocol: what they see is kept while networks train."""

from skregnet.callbacks.curvature_monitor import CurvatureMonitor
from skregnet.callbacks.parameter_path import ParameterPath

__all__ = ["CurvatureMonitor", "ParameterPath"]
