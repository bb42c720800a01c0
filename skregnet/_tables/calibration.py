"""Probabilities made as sure as they turn out to be right."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from skregnet._kernels import Array

# How much the first of two counts.
_SHARES = np.linspace(0, 1, 11)
# Powers of the probabilities, as logarithms, among which the best is sought.
_RANGE = (-3.0, 2.0)
SMALLEST = 1e-9


class Calibration(NamedTuple):
    """What makes of several probabilities those that turn out to be right."""

    shares: Array
    power: float

    def apply(self, probabilities: Sequence[Array]) -> Array:
        """Return the mean by shares, to the power, so scaled that rows sum to one."""
        mean = mixed(probabilities, self.shares)
        return powered(mean, self.power)


def fitted_calibration(
    probabilities: Sequence[Array], codes: Array, weights: Array
) -> Calibration:
    """Return shares of one or two ensembles, and a power, of the least log-loss.

    Parameters
    ----------
    probabilities : sequence of ndarray of shape (n_rows, n_classes)
        Of rows that were not learned from.
    codes : ndarray of int of shape (n_rows,)
        Their classes.
    weights : ndarray of shape (n_rows,)
        Their weights.
    """
    only = [np.ones(1)]
    either = [np.array([share, 1 - share]) for share in _SHARES]
    found = []
    for shares in only if len(probabilities) == 1 else either:
        power, loss = fitted_power(mixed(probabilities, shares), codes, weights)
        found.append((loss, Calibration(shares, power)))
    return min(found, key=lambda pair: pair[0])[1]


def mixed(probabilities: Sequence[Array], shares: Array) -> Array:
    """Return the mean of probabilities by shares."""
    return sum(
        share * own.astype(np.float64)
        for share, own in zip(shares, probabilities, strict=True)
    )


def fitted_power(
    probabilities: Array, codes: Array, weights: Array
) -> tuple[float, float]:
    """Return the power of probabilities at which the log-loss is least, and that.

    Notes
    -----
    That all of a few rows were right does not make one sure of the next: as in Platt's
    calibration, the targets allow for one error in two rows more.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Weinberger (2017). On calibration of modern neural
    networks. ICML. Their temperature is one over the power.

    J. Platt (1999). Probabilistic outputs for support vector machines and comparisons
    to regularized likelihood methods.
    """
    logs = _logs(probabilities)
    n_classes = logs.shape[1]
    doubt = 1 / (weights.sum() + 2)
    targets = np.full(logs.shape, doubt / (n_classes - 1))
    targets[np.arange(len(codes)), codes] = 1 - doubt

    def loss(log_power: float) -> float:
        of_rows = (targets * log_softmax(np.exp(log_power) * logs, axis=1)).sum(axis=1)
        return float(-np.average(of_rows, weights=weights))

    found = minimize_scalar(
        loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-12}
    )
    return float(np.exp(found.x)), float(found.fun)


def powered(probabilities: Array, power: float) -> Array:
    """Return probabilities to a power, so scaled that rows sum to one."""
    scaled: Array = softmax(power * _logs(probabilities), axis=1)
    return scaled


def _logs(probabilities: Array) -> Array:
    return np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
