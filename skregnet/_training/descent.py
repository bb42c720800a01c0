"""Points on the way down a loss, and how far it falls from one to another."""

from typing import NamedTuple

import numpy as np

from skregnet._kernels import Array

# A loss, summed over samples, does not resolve relative differences below this.
_RESOLVED = 1e-9


class Point(NamedTuple):
    """Parameters, with the loss and its gradient there."""

    vector: Array
    value: float
    gradient: Array

    @property
    def is_finite(self) -> bool:
        """Whether loss and gradient are finite numbers."""
        return bool(np.isfinite(self.value) and np.isfinite(self.gradient).all())


def reduction(here: Point, there: Point) -> float:
    """Return how much lower the loss is there than here.

    Where the loss does not resolve the difference, the gradients do, by the trapezoidal
    rule, which is exact for a quadratic::

        loss(x) - loss(x + s) = -(gradient(x) + gradient(x + s)) @ s / 2

    References
    ----------
    W. Hager and H. Zhang (2005). A new conjugate gradient method with guaranteed
    descent and an efficient line search. SIAM Journal on Optimization 16(1), section 4.
    """
    difference = here.value - there.value
    if not abs(difference) <= _RESOLVED * abs(here.value):
        return difference
    move = there.vector - here.vector
    return float(-0.5 * (here.gradient + there.gradient) @ move)


def makes_progress(here: Point, there: Point) -> bool:
    """Return whether loss or gradient is smaller there, and all is finite.

    Where neither is, a reduction is rounding, which would go in circles.
    """
    if not there.is_finite:
        return False
    if there.value < here.value:
        return True
    return bool(np.linalg.norm(there.gradient) < np.linalg.norm(here.gradient))
