"""Probabilities made as sure as they turn out to be right."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from skregnet.kernels import Array

# Powers of the probabilities, as logarithms, among which the best is sought.
_RANGE = (-3.0, 2.0)
_SMALLEST = 1e-9


def fitted_power(probabilities: Array, codes: Array, weights: Array) -> float:
    """Return the power of probabilities at which the log-loss is least.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Of rows that were not learned from.
    codes : ndarray of int of shape (n_rows,)
        Their classes.
    weights : ndarray of shape (n_rows,)
        Their weights.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Weinberger (2017). On calibration of modern neural
    networks. ICML. Their temperature is one over the power.
    """
    logs = _logs(probabilities)
    rows = np.arange(len(codes))

    def loss(log_power: float) -> float:
        of_classes = log_softmax(np.exp(log_power) * logs, axis=1)[rows, codes]
        return float(-np.average(of_classes, weights=weights))

    found = minimize_scalar(
        loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-12}
    )
    return float(np.exp(found.x))


def powered(probabilities: Array, power: float) -> Array:
    """Return probabilities to a power, so scaled that rows sum to one."""
    scaled: Array = softmax(power * _logs(probabilities), axis=1)
    return scaled


def _logs(probabilities: Array) -> Array:
    return np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
