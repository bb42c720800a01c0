"""Constraints on parameters, as scikit-learn checks them."""

from numbers import Integral
from typing import Any

import numpy as np

from skregnet._sklearn.private import _param_validation


class Interval(_param_validation.Interval):
    """Interval of numbers, of which integers beyond the floats are none.

    Python's integers have any size, and so have its fractions: what is computed with
    them would fail, or go on without end, wherever it becomes a float.
    """

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is in the interval, and a number of Python or NumPy."""
        if not isinstance(val, int | float | np.number | np.bool_):
            return False
        try:
            float(val)
        except (OverflowError, TypeError):
            return False
        return bool(super().is_satisfied_by(val))


N_JOBS = [None, Interval(Integral, -(2**31), 2**31 - 1, closed="both")]
"""Numbers of workers that joblib knows."""
