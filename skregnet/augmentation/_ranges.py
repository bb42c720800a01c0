"""Arithmetic on values up to the ends of their precision.

Differences of large numbers of either sign overflow where mixtures of these do not; so
what is near the ends of the floats is mixed at a quarter of its size. What noise would
move beyond the ends stays there.
"""

from typing import Any

import numpy as np
from scipy import sparse

from skregnet._kernels import Array

_QUARTER = 0.25


def scaled_down(values: Any, *others: float) -> tuple[Any, float]:
    """Return values whose differences are finite, and the factor by which.

    Parameters
    ----------
    values : {ndarray, CSR array}
        Finite values.
    *others : float
        What they are to be mixed with besides one another.
    """
    numbers = values.data if sparse.issparse(values) else values
    limit = _QUARTER * np.finfo(values.dtype).max
    largest = max(
        -float(numbers.min(initial=0)),
        float(numbers.max(initial=0)),
        *(abs(other) for other in others),
    )
    return (values, 1.0) if largest <= limit else (values * _QUARTER, _QUARTER)


def scaled_up(values: Any, factor: float) -> Any:
    """Return mixtures of values that have been scaled down, no larger than floats."""
    if factor == 1.0:
        return values
    numbers = values.data if sparse.issparse(values) else values
    limit = factor * np.finfo(numbers.dtype).max
    np.clip(numbers, -limit, limit, out=numbers)
    numbers /= factor
    return values


def kept_finite(values: Array) -> Array:
    """Return values, those beyond the ends of the floats set to these, in place."""
    if not np.isfinite(values).all():
        limit = np.finfo(values.dtype).max
        np.clip(values, -limit, limit, out=values)
    return values


def finite_mean(values: Array) -> Array:
    """Return the means of columns, in float64, whose sums may be beyond the floats."""
    with np.errstate(over="ignore", invalid="ignore"):
        means: Array = values.mean(axis=0, dtype=np.float64)
        if not np.isfinite(means).all():
            means = kept_finite((values.astype(np.float64) / len(values)).sum(axis=0))
    return means
