"""Sample weights, checked."""

from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import naming
from skregnet._sklearn.private import _check_sample_weight


def checked_weights(sample_weight: Any, X: Any) -> Array | None:
    """Return checked sample weights, in float64, if there are any."""
    if sample_weight is None:
        return None
    with naming("sample_weight"):
        weights: Array = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    return weights


def summable(weights: Array | None) -> Array | None:
    """Return weights whose sum is finite: those given, or divided by the largest."""
    if weights is None:
        return None
    with np.errstate(over="ignore"):
        is_summable = np.isfinite(weights.sum())
    return weights if is_summable else weights / weights.max()
